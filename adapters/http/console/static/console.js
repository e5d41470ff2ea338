// Countdowns, the slider over time, copying. Everything else works without this file.
"use strict";
const spoken = (seconds) => {
  const left = Math.abs(seconds);
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const days = left >= 86400 ? `${Math.floor(left / 86400)} d ` : "";
  const clock = `${days}${two((left % 86400) / 3600)}:${two((left % 3600) / 60)}:${two(left % 60)}`;
  return seconds >= 0 ? `in ${clock}` : `overdue by ${clock}, to be settled`;
};
const drift = () => {
  const server = document.querySelector("[data-now]");
  return server ? Date.parse(server.dataset.now) - Number(server.dataset.seen ||= Date.now()) : 0;
};
const tick = () => {
  const now = Date.now() + drift();
  for (const each of document.querySelectorAll("time[data-countdown]")) {
    each.textContent = spoken(Math.floor((Date.parse(each.dateTime) - now) / 1000));
  }
};
setInterval(tick, 1000);
tick();
document.addEventListener("input", (event) => {
  const slider = event.target.closest("input[type=range][data-moment]");
  if (!slider) return;
  const at = new Date(Number(slider.value) * 1000).toISOString().replace(/\.\d+/, "");
  slider.form.elements.at.value = at;
  slider.form.querySelector("output").textContent = at;
});
document.addEventListener("change", (event) => {
  const slider = event.target.closest("input[type=range][data-moment]");
  if (slider) slider.form.requestSubmit();
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText);
  button.textContent = "Copied";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
});
