// A code goes out as soon as its last sign is typed. What answers is the page itself, so it works without this, too.
const LENGTH = 4;
const form = document.querySelector("[data-typing]");
const answers = document.getElementById("answers");
let turn = Promise.resolve();

const send = (data, failed) => {
  turn = turn.then(async () => {
    try {
      const reply = await fetch(location.pathname, { method: "POST", body: data });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const said = page.getElementById("answers");
      if (!said) throw new Error(reply.status);
      answers.prepend(...said.children);
      document.getElementById("rest").replaceWith(page.getElementById("rest"));
      document.getElementById("codes_error").textContent = page.getElementById("codes_error").textContent;
    } catch {
      failed();
    }
  });
};

if (form) {
  const field = form.elements.codes;
  const sendCodes = () => {
    const codes = field.value;
    if (!codes.trim()) return;
    const data = new FormData(form);
    field.value = "";
    send(data, () => {
      field.value = `${codes} ${field.value}`.trim();
      document.getElementById("codes_error").textContent = form.querySelector("[data-offline]").content.textContent;
    });
    field.focus();
  };
  field.addEventListener("input", () => {
    if (field.value.trim().split(/\s+/).every((code) => code.length === LENGTH)) sendCodes();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendCodes();
  });
  answers.addEventListener("submit", (event) => {
    event.preventDefault();
    const row = event.target.closest("li");
    row.hidden = true;
    send(new FormData(event.target, event.submitter), () => (row.hidden = false));
    field.focus();
  });
}
