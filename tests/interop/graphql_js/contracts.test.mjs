// The reference implementation of GraphQL reads every contract and every named operation.
// It never sends a request: what is checked is that a stranger's client understands what we publish.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildSchema, parse, validate, validateSchema } from "graphql";

const GRAPHQL = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "graphql");

/** The .graphql files below a folder of graphql/, in the order of their names. */
function listDocuments(folder) {
  const root = join(GRAPHQL, folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith(".graphql"))
    .sort()
    .map((name) => join(root, name));
}

const contracts = new Map(
  listDocuments("schema").map((path) => [basename(path, ".graphql"), readFileSync(path, "utf8")]),
);

/** The contracts an operation must fit: its audience's own, or any one where the audience has several roles. */
function chooseContracts(path) {
  const audience = basename(dirname(path));
  return contracts.has(audience) ? [audience] : [...contracts.keys()];
}

test("there is a contract to read", () => assert.notEqual(contracts.size, 0));

for (const [role, text] of contracts) {
  test(`the contract of ${role} is a valid schema`, () => {
    assert.deepEqual(validateSchema(buildSchema(text)).map(String), []);
  });
}

for (const path of listDocuments("operations")) {
  test(`${relative(GRAPHQL, path)} is one named operation that fits a contract`, () => {
    const document = parse(readFileSync(path, "utf8"));
    const operations = document.definitions.filter(({ kind }) => kind === "OperationDefinition");
    assert.equal(operations.length, 1);
    assert.ok(operations[0].name, "the operation has no name");
    const refusals = chooseContracts(path).map((role) =>
      validate(buildSchema(contracts.get(role)), document).map((error) => `${role}: ${error.message}`),
    );
    assert.ok(refusals.some((errors) => errors.length === 0), refusals.flat().join("\n"));
  });
}
