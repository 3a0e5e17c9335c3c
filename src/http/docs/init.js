// Shows /openapi.json with Swagger UI. Served as /docs and, opened at one problem code, as /problems/<code>.
"use strict";

// A random UUID. crypto.randomUUID would do, but exists on secure origins only.
function randomUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Every UUIDv4 in the document is an example. Each visit has its own, so that readers who try the
// examples make wallets of their own and do not meet in those of others.
function withFreshIds(text) {
  const fresh = new Map();
  return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, (id) => {
    if (!fresh.has(id)) fresh.set(id, randomUuid());
    return fresh.get(id);
  });
}

// Opens the table of codes at the row of one code. False while the table is not there.
function showProblem(code) {
  const cells = Array.from(document.querySelectorAll("details td:first-child code"));
  const cell = cells.find((cell) => cell.textContent === code);
  if (!cell) return false;
  cell.closest("details").open = true;
  cell.closest("tr").classList.add("asked");
  cell.scrollIntoView({ block: "center" });
  return true;
}

async function show() {
  const answer = await fetch("/openapi.json");
  SwaggerUIBundle({
    spec: JSON.parse(withFreshIds(await answer.text())),
    dom_id: "#docs",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
}

const code = location.pathname.match(/^\/problems\/([a-z_]+)$/)?.[1];
if (code) {
  new MutationObserver((_, observer) => {
    if (showProblem(code)) observer.disconnect();
  }).observe(document.getElementById("docs"), { childList: true, subtree: true });
}
show();
