// Judges bracketed element strings and Digital Links, one a line: "ok", or the error's name.
// usage: node bwip.mjs FOLDER-OF-NODE_MODULES <lines
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { default: bwipjs } = await import(
  pathToFileURL(`${process.argv[2]}/bwip-js/dist/bwip-js-node.mjs`).href);
for await (const line of createInterface({ input: process.stdin })) {
  const link = line.startsWith('http');
  try {
    bwipjs.raw(link ? 'gs1dlqrcode' : 'gs1datamatrix', line, 'lintreqs=false');
    console.log('ok');
  } catch (e) {
    console.log(String(e.message || e).split('\n')[0]);
  }
}
