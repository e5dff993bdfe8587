// At a door the network comes and goes: what was not saved says so on its row. A long list is searched by name. And what
// others at the door pressed shows by itself, but nothing is taken from under a finger.
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

// --- searching by name -------------------------------------------------------------------------------------------
const narrow = (seek) => {
  const words = seek.value.toLocaleLowerCase().split(/\s+/);
  for (const row of document.getElementById(seek.dataset.seek)?.children ?? [])
    row.hidden = !words.every((word) => row.dataset.name.includes(word));
};
const searches = () => {
  for (const seek of document.querySelectorAll("[data-seek]")) {
    seek.parentElement.hidden = false;
    narrow(seek);
  }
};
searches();
document.addEventListener("input", (event) => event.target.dataset.seek && narrow(event.target));
document.addEventListener("focusin", (event) => event.target.dataset.seek && event.target.select()); // for the next name
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.dataset.seek) event.preventDefault();
});

// --- what others pressed -----------------------------------------------------------------------------------------
const now = document.getElementById("now");
const USED = "details.more[open], .note[open], .walk-in[open], .unsaved, .htmx-request, [data-seek]:not(:placeholder-shown)";
const inUse = (part) => part.contains(document.activeElement) || part.querySelector(USED);
const idsOf = (part, of) => [...part.querySelectorAll(of)].map((one) => one.id);

// Gives whether all of it could be renewed.
const renew = (found) => {
  const shown = document.getElementById("list");
  if (`${idsOf(shown, "ul, .slot")}` !== `${idsOf(found, "ul, .slot")}`) {
    if (inUse(shown)) return false;
    shown.replaceWith(found);
    htmx.process(found);
    return true;
  }
  const listed = new Set(idsOf(found, ".guest"));
  let all = true;
  for (const list of found.querySelectorAll("ul")) {
    const rows = document.getElementById(list.id);
    let last = null;
    for (const row of [...list.children]) {
      const old = document.getElementById(row.id);
      const inPlace = old?.parentElement === rows;
      if (inPlace && old.dataset.tag === row.dataset.tag) last = old;
      else if (old && inUse(old)) all = false;
      else {
        if (inPlace) old.replaceWith(row);
        else {
          old?.remove();
          last ? last.after(row) : rows.prepend(row);
        }
        htmx.process(row);
        last = row;
      }
    }
  }
  for (const row of shown.querySelectorAll(".guest"))
    if (!listed.has(row.id))
      if (inUse(row)) all = false;
      else row.remove();
  for (const count of found.querySelectorAll(".here-count")) {
    const old = document.getElementById(count.id);
    if (old.textContent !== count.textContent) old.replaceWith(count);
  }
  return all;
};

if (now) {
  now.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["If-None-Match"] = `"${now.dataset.tag}"`;
  });
  now.addEventListener("htmx:beforeRequest", (event) => document.hidden && event.preventDefault());
  now.addEventListener("htmx:afterOnLoad", ({ detail: { xhr } }) => {
    const found = new DOMParser().parseFromString(xhr.responseText, "text/html").getElementById("list");
    if (!found) return; // nothing has changed
    if (renew(found)) now.dataset.tag = xhr.getResponseHeader("ETag").replace(/^W\/|"/g, "");
    searches();
  });
}
