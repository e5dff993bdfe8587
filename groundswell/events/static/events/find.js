// "Use my position": asked for only when pressed, rounded to about a kilometre before it leaves the browser.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-locate]");
  if (!button) return;
  const form = button.form;
  const said = form.querySelector("[data-locate-said]");
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      form.elements.at.value = `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
      form.elements.near.value = "";
      form.requestSubmit();
    },
    () => {
      button.disabled = false;
      said.textContent = button.dataset.failed;
    },
    { maximumAge: 600000, timeout: 10000 },
  );
});
function show() {
  for (const button of document.querySelectorAll("[data-locate]")) button.hidden = !navigator.geolocation;
}
show();
document.addEventListener("htmx:afterSwap", show);
