'use strict';
// Short links: POST /links stores a target, GET /{name} redirects and counts.

const http = require('http');
const jwt = require('jsonwebtoken');
const _ = require('lodash');
const minimist = require('minimist');
const qs = require('qs');

const args = minimist(process.argv.slice(2), { default: { config: './config/production.json' } });
const config = _.defaultsDeep({ port: process.env.PORT, signingKey: process.env.SIGNING_KEY }, require(args.config));
const links = new Map();
const maxBody = 4096;

function reply(res, status, body, headers = {}) {
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  res.end(JSON.stringify(body) + '\n');
}

function user(req) {
  const token = (req.headers.authorization || '').replace(/^Bearer /, '');
  return jwt.verify(token, config.signingKey, { algorithms: ['HS256'] }).sub;
}

async function read(req) {
  let body = '';
  for await (const chunk of req) {
    body += chunk;
    if (body.length > maxBody) throw new Error('body too large');
  }
  return qs.parse(body);
}

async function create(req, res) {
  let owner;
  try {
    owner = user(req);
  } catch {
    return reply(res, 401, { error: 'a valid token is needed' });
  }
  const link = _.merge({ clicks: 0, owner }, _.pick(await read(req), ['name', 'target']));
  if (!/^[a-z0-9-]{1,40}$/.test(link.name) || !/^https?:\/\//.test(link.target)) {
    return reply(res, 400, { error: 'name and target are needed' });
  }
  links.set(link.name, link);
  reply(res, 201, link);
}

function follow(name, res) {
  const link = links.get(name);
  if (!link) return reply(res, 404, { error: 'no such link' });
  link.clicks++;
  reply(res, 302, { target: link.target }, { Location: link.target });
}

const server = http.createServer((req, res) => {
  const path = req.url.split('?')[0];
  if (path === '/healthz') return reply(res, 200, { links: links.size });
  if (req.method === 'POST' && path === '/links') {
    return create(req, res).catch((err) => reply(res, 400, { error: err.message }));
  }
  follow(path.slice(1), res);
});

server.listen(config.port, () => console.log(`listening on ${config.port}`));
