// Copy the link, where the browser can.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.querySelector("span").textContent = button.dataset.done;
    document.getElementById("toasts").textContent = "";
    document.getElementById("toasts").append(Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: button.dataset.done }));
  });
}
