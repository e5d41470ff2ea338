// Says what the official parser finds in the AsyncAPI document of standard input, as JSON.
// The parser's packages stand where the first argument says.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { Parser } = createRequire(`${process.argv[2]}/`)("@asyncapi/parser");
const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf-8"));
const found = diagnostics.map(({ code, severity, message, path }) => ({ code, severity, message, path }));
const messages = document ? document.allMessages().all().map((each) => each.id()) : [];
console.log(JSON.stringify({ diagnostics: found, messages }));
