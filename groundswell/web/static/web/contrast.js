// Says, while one chooses a colour, how well it reads (WCAG 2.2 contrast). The server refuses what nobody could read.
const light = (hex) =>
  [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
const contrast = (one, other) => {
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
for (const hint of document.querySelectorAll("[data-contrast]")) {
  const input = document.getElementById(hint.dataset.contrast);
  const tell = () => {
    const ratio = contrast(input.value, hint.dataset.ground);
    hint.textContent = hint.dataset[ratio >= 4.5 ? "good" : "poor"].replace("{ratio}", ratio.toFixed(1));
  };
  input.addEventListener("input", tell);
  tell();
}
