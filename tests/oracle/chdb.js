// ClickHouse's HTTP interface over chDB (the same engine, today's version, in process), as far as goeswith speaks it:
// statements in the body or in `query`, gzip, `database`; the answer whole, or 500 with the exception.
// usage: NODE_PATH=.../node_modules node chdb.js     prints its port; ends with its standard input
const { Session } = require("chdb");
const fs = require("fs"), http = require("http"), os = require("os"), path = require("path"), zlib = require("zlib");

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "goeswith-chdb-"));
const session = new Session(path.join(folder, "data"));

function answer(url, body, packed) {
	const ask = new URL(url, "http://here"), query = ask.searchParams.get("query");
	const database = ask.searchParams.get("database");
	session.query("USE " + (database || "default"));
	if (!query)
		return session.query(body.toString(), "TabSeparated");
	const rows = path.join(folder, "rows");
	fs.writeFileSync(rows, packed ? zlib.gunzipSync(body) : body);
	const table = /^INSERT INTO (\w+) FORMAT JSONEachRow$/.exec(query)[1];
	session.query(`INSERT INTO ${table} FROM INFILE '${rows}' FORMAT JSONEachRow`);
	return "";
}

const server = http.createServer((request, response) => {
	const parts = [];
	request.on("data", (part) => parts.push(part));
	request.on("end", () => {
		let status = 200, text;
		try {
			text = answer(request.url, Buffer.concat(parts), request.headers["content-encoding"] === "gzip");
		} catch (e) {
			status = 500;
			text = String(e.message);
		}
		response.writeHead(status, { "Content-Length": Buffer.byteLength(text) });
		response.end(text);
	});
});
process.stdin.resume();
process.stdin.on("end", () => {
	session.close();
	fs.rmSync(folder, { recursive: true, force: true });
	process.exit(0);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
