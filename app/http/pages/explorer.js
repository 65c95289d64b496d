// GraphiQL on our own endpoint, with the contract of whoever the token is for.
// Nothing is stored in the browser: neither the token nor the queries outlive the page.
/* global React, ReactDOM, GraphiQL */
"use strict";

class PageMemory {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  getItem(name) {
    return this.#items.get(name) ?? null;
  }

  setItem(name, value) {
    this.#items.set(name, String(value));
  }

  removeItem(name) {
    this.#items.delete(name);
  }

  clear() {
    this.#items.clear();
  }
}

function makeFetcher(token) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  if (token) {
    headers.authorization = `Bearer ${token}`;
  }
  return async (asked) => {
    const body = JSON.stringify(asked);
    const options = { method: "POST", headers, body, credentials: "omit", cache: "no-store" };
    const response = await fetch("/graphql", options);
    return response.json();
  };
}

const memory = new PageMemory();
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
let uses = 0;

function show() {
  uses += 1;
  const page = React.createElement(GraphiQL, {
    // A new key makes a new editor, which reads the contract anew.
    key: uses,
    fetcher: makeFetcher(document.getElementById("token").value.trim()),
    storage: memory,
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: false,
    defaultQuery: "query Viewer {\n  viewer {\n    __typename\n  }\n}\n",
  });
  root.render(page);
}

document.getElementById("use").addEventListener("click", show);
show();
