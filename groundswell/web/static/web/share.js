// Copies a link, or opens the phone's own way of sharing. Without script the link stands in a field to be copied by hand.
for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const url = button.dataset.share;
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      await navigator.share({ url }).catch(() => {});
      return;
    }
    await navigator.clipboard.writeText(url);
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.done;
    setTimeout(() => (label.textContent = before), 2000);
  });
}
