// Node's `ws`: each update to everybody, at once. PORT UPDATES_PER_S UNITS STATE_BYTES; else as feeding.py.
const { WebSocketServer, WebSocket } = require("ws");
const [port, perS, units, bytes] = process.argv.slice(2).map(Number);
const wss = new WebSocketServer({ port, host: "127.0.0.1", perMessageDeflate: false, backlog: 4096 });
let next = 0, still = false, due = 0;
const ns = () => process.hrtime.bigint();
function update() {
  next = (next + 1) % units; const at = ns();
  let t = `{"seq":${at},"id":"00000000-0000-7000-8000-000000000000","at":${at},"n":${next},"rest":"`;
  t = `{"t":"delta","units":[${t.padEnd(bytes - 2, "x")}"}]}`;
  const data = Buffer.from(t);
  for (const c of wss.clients) if (c.readyState === WebSocket.OPEN) c.send(data, { binary: false });
}
function run() {
  const now = Number(ns()) / 1e6;
  if (still || wss.clients.size === 0 || now - due > 100) due = now;
  let n = 0;
  while (due <= now && n++ < 1 && !still && wss.clients.size) { update(); due += 1000 / perS; }
  due <= Number(ns()) / 1e6 ? setImmediate(run) : setTimeout(run, 1);
}
process.stdin.on("data", () => (still = true)); process.stdin.on("end", () => process.exit(0));
wss.on("listening", () => { console.log("listening"); run(); });
