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
      for (const answer of [...said.children]) {
        const code = answer.querySelector("code")?.textContent;
        for (const old of answers.children) if (code && old.querySelector("code")?.textContent === code) old.remove();
      }
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
  let last = ""; // the code before, of whom a number alone says how many came
  const sendCodes = () => {
    const typed = field.value.trim();
    if (!typed) return;
    const codes = /^\d{1,2}$/.test(typed) ? `${last} ${typed}` : typed;
    last = codes.match(/[A-Za-z0-9]{4,}/g)?.at(-1) ?? last;
    const data = new FormData(form);
    data.set("codes", codes);
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
