// Drives fhir-kit-client: `node client.mjs BASE PACKAGES` with the token in HP24_TOKEN and the client in the folder PACKAGES. Each
// line of standard input is one call as JSON, and each is answered with one line: {"found": ..} or {"status": .., "said": ..} where the server refused.
//
//   {"call": "read", "resourceType": "Account", "id": ".."}     and so vread, create, update, patch, delete, transaction, operation
//   {"call": "pages", "resourceType": "Account", "searchParams": {..}}     gives all pages' bundles, link by link
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Client } = await import(pathToFileURL(`${process.argv[3]}/fhir-kit-client/dist/index.js`));
const client = new Client({ baseUrl: process.argv[2], bearerToken: process.env.HP24_TOKEN });

async function pages(asked) {
  const found = [];
  let bundle = await client.search(asked);
  while (bundle) {
    found.push(bundle);
    bundle = await client.nextPage({ bundle });
  }
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { call, ...asked } = JSON.parse(line);
  let answer;
  try {
    answer = { found: call === 'pages' ? await pages(asked) : await client[call](asked) };
  } catch (failure) {
    answer = { status: failure.response?.status ?? 0, said: failure.response?.data ?? String(failure) };
  }
  console.log(JSON.stringify(answer));
}
