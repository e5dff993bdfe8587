// Puts blocks and fields where the cursor is. Without this the server puts them at the end of the text.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  event.preventDefault();
  const text = button.form.elements.body;
  const { selectionStart: from, selectionEnd: to, value } = text;
  let put = button.dataset.insert;
  if ("block" in button.dataset) {
    put = (/(^|\n\n)$/.test(value.slice(0, from)) ? "" : value.slice(0, from).endsWith("\n") ? "\n" : "\n\n") + put;
    put += value.slice(to).startsWith("\n") ? "" : "\n\n";
  }
  button.closest("details")?.removeAttribute("open");
  text.focus();
  text.setRangeText(put, from, to, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
});
