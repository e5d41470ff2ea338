// For each line of its input one command by Emmett's `CommandHandler`, then a line of output.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [folder, url] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { CommandHandler } = require('@event-driven-io/emmett');
const { getPostgreSQLEventStore } = require('@event-driven-io/emmett-postgresql');

const store = getPostgreSQLEventStore(url);
const handle = CommandHandler({
  evolve: (state, event) => (event.type === 'SendReserved' ? { sends: state.sends + 1 } : state),
  initialState: () => ({ sends: 0 }),
});
let number = 0;

for await (const _ of createInterface({ input: process.stdin })) {
  const pair = number >> 1;
  const type = number++ % 2 ? 'EmailAccepted' : 'SendReserved';
  const data = { recipient_id: `r${pair}`, account_id: 'ann@acme.test', send_id: `m${pair}` };
  await handle(store, `recipient-${process.pid}-${pair}`, () => [{ type, data }]);
  process.stdout.write('\n');
}
await store.close();
