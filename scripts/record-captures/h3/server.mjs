// Documents and comments of many lines: blank lines, indents, final line ends; an empty event.
import { H3, createEventStream, serve } from "h3";

const document = `# Release notes

## Fixed

- a list
    - with an indented item
\t- and a tab

    code block
: not a comment
data: not a field

`;

const app = new H3();
app.get("/", (event) => {
  const stream = createEventStream(event);
  const send = async () => {
    await stream.pushComment("three lines,\r\n\nthe second is empty");
    await stream.push("a bare string");
    await stream.push({ id: "doc-1", event: "document", retry: 10_000, data: document });
    await stream.push(Array.from({ length: 100 }, (_, row) => `row ${row}`));
    await stream.push({ id: "doc-2", event: "document", data: document.replaceAll("\n", "\r\n") });
    await stream.pushComment("");
    await stream.push({ id: "", event: "reset" }); // no data, and an empty id
    await stream.push("after the reset");
    await stream.close();
  };
  send();
  return stream;
});
serve(app, { hostname: "127.0.0.1", port: Number(process.env.PORT), silent: true });
