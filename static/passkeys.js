// Passkeys: a form with data-passkey="get" or "create" asks the browser for one before it is sent. The options stand in
// the page (#passkey-options) or come from data-options. Without this file all other ways to sign in work.

const bytes = (text) => Uint8Array.from(
  atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=")),
  (letter) => letter.charCodeAt(0),
);

const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const described = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function optionsOf(form, kind) {
  const source = form.dataset.options
    ? await (await fetch(form.dataset.options, { headers: { Accept: "application/json" } })).json()
    : JSON.parse(document.getElementById("passkey-options").textContent);
  const options = source[kind === "create" ? "creation_options" : "request_options"].publicKey;
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  options.allowCredentials = described(options.allowCredentials);
  if (kind === "create") options.excludeCredentials = described(options.excludeCredentials);
  return options;
}

function alone(form, options) {
  const wanted = form.elements.passwordless?.checked || false;
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: wanted ? "required" : "discouraged",
    requireResidentKey: wanted,
    ...(wanted && { userVerification: "required" }),
  };
}

function written(credential) {
  const answer = credential.response;
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(names.filter((name) => answer[name]).map((name) => [name, text(answer[name])])),
  });
}

async function ask(form, kind) {
  const options = await optionsOf(form, kind);
  if (kind === "create") alone(form, options);
  const credential = await navigator.credentials[kind]({ publicKey: options });
  form.elements.credential.value = written(credential);
  form.submit();
}

const reasons = {
  NotAllowedError: "No passkey was given, or it took too long. Try again.",
  InvalidStateError: "This device or key is added already.",
  SecurityError: "Passkeys work at the registry's own address only, over HTTPS.",
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) {
    form.querySelector("[role=alert]").textContent = "This browser knows no passkeys.";
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[role=alert]");
    said.textContent = "";
    try {
      await ask(form, form.dataset.passkey);
    } catch (error) {
      said.textContent = reasons[error.name] || "The passkey did not work. Try again, or use another way.";
    }
  });
}
