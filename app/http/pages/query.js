// The built-in query page: sends one request and shows its answer as text.
// The token stays in its field: it is never stored, and goes to our own origin alone.
"use strict";

const field = (id) => document.getElementById(id);

async function ask(text, variables, token) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  if (token) {
    headers.authorization = `Bearer ${token}`;
  }
  const body = JSON.stringify({ query: text, variables });
  return fetch("/graphql", { method: "POST", headers, body, credentials: "omit", cache: "no-store" });
}

async function show() {
  field("answer").textContent = "";
  let variables;
  try {
    variables = JSON.parse(field("variables").value || "{}");
  } catch {
    field("status").textContent = "the variables are not JSON";
    return;
  }
  field("status").textContent = "sent";
  try {
    const response = await ask(field("document").value, variables, field("token").value.trim());
    const answer = await response.json();
    field("status").textContent = `status ${response.status}`;
    field("answer").textContent = JSON.stringify(answer, null, 2);
  } catch {
    field("status").textContent = "no answer; is the server still running?";
  }
}

field("send").addEventListener("click", show);
