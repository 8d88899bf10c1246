// What mailparser reads in each file of a folder: one line a file, its name, `mailparser` and the tree as JSON, with
// tabs between. The shape is judges.rs' `Node`. Resolved from NODE_PATH.
const fs = require('fs');
const path = require('path');
const { MailParser } = require('mailparser');

const decoded = text => (text === undefined || text === null ? null : String(text));

function node(own, attachments) {
  const found = {
    type: decoded(own.contentType),
    disposition: decoded(own.disposition),
    header: (own.headerLines || []).map(({ line }) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
    children: [],
  };
  if (own.isAttachment) {
    const attachment = attachments.shift() || {};
    found.filename = decoded(attachment.filename);
    found.sha256 = attachment.checksum || null;
  } else if (own.textContent !== undefined && !String(own.contentType).startsWith('multipart/')) {
    found.text = own.textContent;
  }
  found.children = (own.children || []).map(child => node(child, attachments));
  return found;
}

function read(octets) {
  return new Promise(resolve => {
    const parser = new MailParser({ checksumAlgo: 'sha256', skipTextToHtml: true, skipHtmlToText: true, skipTextLinks: true });
    const failed = error => resolve({ type: `failed: ${error.message}`, header: [], children: [] });
    const attachments = [];
    parser.on('error', failed);
    parser.on('data', data => {
      if (data.type === 'attachment') {
        attachments.push(data);
        data.content.on('error', failed);
        data.content.on('data', () => {});
        data.content.on('end', () => data.release());
      }
    });
    parser.on('end', () => resolve(parser.tree ? node(parser.tree, attachments) : { type: 'nothing', header: [], children: [] }));
    parser.end(octets);
  });
}

async function main(folder) {
  for (const name of fs.readdirSync(folder).sort()) {
    const tree = await read(fs.readFileSync(path.join(folder, name)));
    process.stdout.write(`${name}\tmailparser\t${JSON.stringify(tree)}\n`);
  }
}

main(process.argv[2]);
