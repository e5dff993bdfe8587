// At a door the network comes and goes: what was not saved says so on its row. And a long list is searched by name.
const unsaved = document.getElementById("unsaved");
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"])
  document.addEventListener(failure, (event) => {
    const row = event.target.closest(".guest");
    if (row && !row.querySelector(".unsaved")) row.querySelector(".who").after(unsaved.content.cloneNode(true));
  });
document.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL).pathname.includes("/account/")) {
    event.preventDefault(); // signed out meanwhile
    location.reload();
  }
});
for (const seek of document.querySelectorAll("[data-seek]")) {
  seek.parentElement.hidden = false;
  seek.addEventListener("input", () => {
    const words = seek.value.toLocaleLowerCase().split(/\s+/);
    for (const row of document.getElementById(seek.dataset.seek).children)
      row.hidden = !words.every((word) => row.dataset.name.includes(word));
  });
  seek.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}
