// Another time without a round trip; and only those fields of the place that this event needs.
for (const button of document.querySelectorAll("[data-add-row]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const form = button.form;
    const total = form.elements["shifts-TOTAL_FORMS"];
    const template = form.querySelector("template[data-row]").content.firstElementChild;
    const row = template.cloneNode(true);
    for (const element of row.querySelectorAll("[name], [id], [for], [aria-describedby]"))
      for (const name of ["name", "id", "for", "aria-describedby"])
        if (element.hasAttribute(name)) element.setAttribute(name, element.getAttribute(name).replace("__prefix__", total.value));
    total.value = Number(total.value) + 1;
    const rows = form.querySelector("[data-rows]");
    const last = rows.lastElementChild;
    rows.append(row);
    for (const part of ["starts", "ends", "capacity"]) {
      const from = last.querySelector(`[name$="-${part}"]`);
      if (from) row.querySelector(`[name$="-${part}"]`).value = from.value;
    }
    row.querySelector("input:not([type=hidden])").focus();
  });
}
for (const part of document.querySelectorAll("[data-where]")) {
  const show = () => {
    const online = part.querySelector("[name=online]:checked")?.value === "yes";
    part.querySelector(".in-person").hidden = online;
    part.querySelector(".at-a-distance").hidden = !online;
  };
  part.addEventListener("change", show);
  show();
}
