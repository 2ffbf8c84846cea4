// Keeps the sentence of what will be trusted in step with the fields. Without this file, "Check" does.
const form = document.querySelector("form[data-publisher]");

// The rules of a generic publisher are rows: claims-0-claim, claims-0-how, claims-0-text.
function rules(name) {
  const claims = [...form.elements].filter((input) => input.name.startsWith(`${name}-`) && input.name.endsWith("-claim"));
  const said = claims.map((claim) => {
    const text = form.elements[claim.name.replace(/-claim$/, "-text")];
    return `${claim.value.trim()} ${text.value.trim()}`.trim();
  });
  return said.filter(Boolean).join(", ");
}

function said(name) {
  const input = form.elements[name];
  if (!input) return rules(name);
  if (input.type === "checkbox") return input.checked ? "yes" : "";
  const text = input.value.trim();
  return text === "*" ? "" : text;
}

function tell() {
  for (const phrase of form.querySelectorAll("[data-of]")) {
    const text = said(phrase.dataset.of);
    const slot = phrase.querySelector("[data-value]");
    if (slot) slot.textContent = text || (phrase.dataset.of === "project_name" ? "The new project" : "…");
    if ("optional" in phrase.dataset) phrase.hidden = !text;
  }
  for (const warning of form.querySelectorAll("[data-unless]")) {
    warning.hidden = !warning.dataset.unless || warning.dataset.unless.split(" ").some((name) => said(name));
  }
}

if (form) {
  form.addEventListener("input", tell);
  tell();
}
