// The status page: asks /api/status each second and shows the answer. Names may
// hold anything, so text reaches the page by textContent alone.
'use strict';

const EVERY_MS = 1000;     // between two refreshes
const PATIENCE_MS = 5000;  // for one answer
const FIRST_TARGETS = 40;  // shown until asked for more
const BEHIND_SECONDS = 5;  // the age of a queue that deserves a look
const SECONDS_SHOWN = 120; // of the history

const at = (id) => document.getElementById(id);

// put writes text only where it changed, so that a selection survives.
function put(node, text, className) {
  if (node.textContent !== text) node.textContent = text;
  if (className !== undefined && node.className !== className) node.className = className;
}

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// Figures in words.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const count = (n) => whole.format(n);
const rate = (n) => (n > 0 && n < 10 ? tenth : whole).format(n);

function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) { n /= 1024; unit++; }
  return (n < 10 && unit > 0 ? tenth : whole).format(n) + ' ' + units[unit];
}

function duration(seconds) {
  if (seconds < 10) return tenth.format(seconds) + ' s';
  const s = Math.floor(seconds);
  const d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
  if (d) return `${d} d ${h} h`;
  if (h) return `${h} h ${m} min`;
  if (m) return `${m} min ${s % 60} s`;
  return s + ' s';
}

const sum = (counts) => Object.values(counts).reduce((total, n) => total + n, 0);

// worry returns the class of a figure: nothing to see, normal, or worth a look.
const worry = (n, bad) => (n === 0 ? 'muted' : bad ? 'warn' : '');

function reasons(counts) {
  return Object.entries(counts).sort((a, b) => b[1] - a[1])
    .map(([reason, n]) => `${reason.replaceAll('_', ' ')} ${count(n)}`).join(', ');
}

// The parts of the page.

function showHeader(s) {
  document.title = s.name;
  put(at('name'), s.name);
  const memory = s.memory.limit > 0 ? `${bytes(s.memory.used)} of ${bytes(s.memory.limit)} memory` : `${bytes(s.memory.used)} memory`;
  put(at('about'), `${s.version} · up ${duration(s.uptimeSeconds)} · ${memory}`);
  at('about').title = 'commit ' + s.commit;

  const badges = [s.ready ? ['good', 'taking points'] : ['bad', 'not taking points']];
  badges.push([{ ok: 'good', degraded: 'bad' }[s.health.durability] || 'warn', 'durability: ' + s.health.durability]);
  at('badges').replaceChildren(...badges.map(([kind, text]) => make('li', 'chip ' + kind, text)));

  const details = s.health.details.slice();
  if (s.notReady) details.unshift('Not taking points: ' + s.notReady);
  at('details').hidden = details.length === 0;
  at('details').replaceChildren(...details.map((text) => make('li', '', text)));
}

function showEmpty(s) {
  // The totals reach back over restarts; without a backend only the receivers count.
  const accepted = s.receivers.reduce((n, r) => n + r.accepted, s.totals.accepted);
  at('empty').hidden = accepted > 0 || !s.ready;
  const point = '{"endpoint":"web-1","metric":"cpu.busy","value":42,"step":60,"counterType":"GAUGE","tags":"core=0"}';
  put(at('try'), `curl -d '[${point}]' ${location.origin}/api/push`);
}

function showLine(name, past) {
  const peak = Math.max(...past, 0);
  const y = (v) => (peak > 0 ? 39 - 37 * v / peak : 39).toFixed(2);
  const from = SECONDS_SHOWN - past.length;
  const points = past.map((v, i) => `${from + i},${y(v)}`).join('L');
  const [area, stroke] = at(name + '-line').children;
  stroke.setAttribute('d', points ? 'M' + points : '');
  area.setAttribute('d', points ? `M${from},40L${points}L${SECONDS_SHOWN - 1},40Z` : '');
  put(at(name + '-peak'), peak > 0 ? `peak ${rate(peak)}/s` : '');
}

function showTotals(s) {
  put(at('in-rate'), rate(s.receivers.reduce((n, r) => n + r.pointsPerSecond, 0)));
  put(at('out-rate'), rate(s.targets.reduce((n, t) => n + t.deliveredPerSecond, 0)));
  showLine('in', s.history.in);
  showLine('out', s.history.out);

  put(at('balance'), s.balanced ? 'balances' : 'does not balance', 'chip ' + (s.balanced ? 'good' : 'bad'));
  const t = s.totals, dropped = sum(t.dropped);
  const rows = [['', t.accepted, 'accepted, a copy for each target']];
  if (t.movedIn) rows.push(['+', t.movedIn, 'moved in']);
  rows.push(['=', t.delivered, 'delivered'], ['+', t.queued, 'queued']);
  rows.push(['+', dropped, 'dropped' + (dropped ? ': ' + reasons(t.dropped) : ''), worry(dropped, true)]);
  if (t.movedOut) rows.push(['+', t.movedOut, 'moved out']);
  at('ledger').replaceChildren(...rows.flatMap(([sign, n, word, kind]) =>
    [make('span', 'sign', sign), make('dd', kind, count(n)), make('dt', kind || 'muted', word)]));
  put(at('beside'), `beside it: ${count(t.resent)} sent again, ${count(t.failed)} in failed calls, ${count(t.rejected)} rejected after delivery, ${count(t.replayed)} taken over at a start`);
}

function numberCell(text, note, kind) {
  return make('td', 'n', make('span', kind, text), make('span', 'small muted', note || ''));
}

// Units: what the relay tells of a listener or target as a part with a life of its own.

const STATES = { starting: '', up: 'good', probing: 'bad', down: 'bad', draining: 'warn', stopped: '' };

function restarted(unit) {
  return unit.restarts > 0 ? `restarted ${unit.restarts === 1 ? 'once' : count(unit.restarts) + ' times'}, ${unit.lastError || 'panicked'}` : '';
}

function listenerLines(name, unit) {
  const line = make('div', '', name);
  if (unit.state !== 'up') line.append(' ', make('span', 'chip ' + STATES[unit.state], unit.state));
  line.append(make('span', 'address', unit.address));
  return [line, make('span', 'small warn', restarted(unit)), make('span', 'small muted', unit.differs || '')];
}

// showReceivers shows each receiver with its listeners: two while it moves to another
// port.
function showReceivers(s) {
  at('receivers').replaceChildren(...s.receivers.map((r) => {
    const refused = sum(r.refused), troubles = sum(r.troubles);
    const listeners = s.units.filter((u) => u.id === 'listener/' + r.name);
    const who = make('td', 'who', ...(listeners.length ? listeners.flatMap((u) => listenerLines(r.name, u)) : [r.name]));
    return make('tr', '',
      who,
      numberCell(rate(r.pointsPerSecond)),
      numberCell(rate(r.requestsPerSecond)),
      numberCell(count(r.connections)),
      numberCell(count(r.accepted)),
      numberCell(count(refused), reasons(r.refused), worry(refused, true)),
      numberCell(count(troubles), reasons(r.troubles), worry(troubles, true)));
  }));
}

// Targets: one row each, kept from one refresh to the next.

const rows = new Map(); // by the target's id
let showAll = false;
let latest = null;

function newRow(target) {
  const row = { tr: make('tr') };
  const cell = (className) => row.tr.appendChild(make('td', className));
  const who = cell('who');
  row.name = who.appendChild(make('div'));
  row.name.append(make('span', 'backend', target.node ? target.backend + ' / ' : ''), make('b', '', target.node || target.backend), make('span', 'address', target.address));
  row.name.title = target.id;
  row.error = who.appendChild(make('span', 'small'));
  row.away = who.appendChild(make('span', 'small bad'));
  row.restarted = who.appendChild(make('span', 'small warn'));
  row.differs = who.appendChild(make('span', 'small muted'));
  row.state = cell().appendChild(make('span', 'chip'));
  for (const name of ['rate', 'queued', 'bytes', 'oldest', 'delivered', 'dropped']) row[name] = cell('n').appendChild(make('span'));
  row.spool = row.queued.parentNode.appendChild(make('span', 'small muted'));
  row.reasons = row.dropped.parentNode.appendChild(make('span', 'small muted'));
  row.letters = row.dropped.parentNode.appendChild(make('span', 'small muted'));
  return row;
}

function fillRow(row, t) {
  const behind = t.oldestSeconds > BEHIND_SECONDS, dropped = sum(t.dropped);
  put(row.error, t.balanced ? t.lastError || '' : 'The ledger does not balance. ' + (t.lastError || ''),
    'small ' + (t.state === 'down' || !t.balanced ? 'bad' : 'muted'));
  row.error.title = t.lastError || '';
  put(row.away, away(t));
  put(row.restarted, restarted(t.unit));
  put(row.differs, t.unit.differs || '');
  put(row.state, t.state, 'chip ' + (STATES[t.state] || ''));
  put(row.rate, rate(t.deliveredPerSecond));
  put(row.queued, count(t.queued), worry(t.queued, behind));
  put(row.spool, onDisk(t));
  put(row.bytes, bytes(t.queuedBytes), worry(t.queued, behind));
  put(row.oldest, duration(t.oldestSeconds), worry(t.queued, behind));
  put(row.delivered, count(t.delivered));
  put(row.dropped, count(dropped), worry(dropped, true));
  put(row.reasons, reasons(t.dropped));
  put(row.letters, t.deadLetters > 0 ? `dead letters kept: ${count(t.deadLetters)}` : '');
}

// away tells which addresses of a group fail while the others take its points.
function away(t) {
  const addresses = t.addresses || [];
  if (addresses.length < 2) return '';
  return addresses.filter((a) => a.state === 'down' || a.failures > 0)
    .map((a) => `${a.address} ${a.state}${a.lastError ? ': ' + a.lastError : ''}`).join(' · ');
}

// onDisk tells what of the queue is in Redis and on disk, and whether new points wait
// behind it.
function onDisk(t) {
  if (!t.spooled && t.spoolPoints === 0 && t.redisPoints === 0) return '';
  const redis = t.redisPoints > 0 ? `in Redis ${count(t.redisPoints)}, ${bytes(t.redisBytes)}, ` : '';
  return `${t.spooled ? 'spooled, ' : ''}${redis}on disk ${count(t.spoolPoints)}, ${bytes(t.spoolBytes)}`;
}

// withUnits gives the targets their units. The state of one that is on its way out is
// that of its unit.
function withUnits(s) {
  const units = new Map(s.units.map((u) => [u.id, u]));
  return s.targets.map((t) => {
    const unit = units.get(t.id) || {};
    const leaving = unit.state === 'draining' || unit.state === 'stopped';
    return { ...t, unit, state: leaving ? unit.state : t.state };
  });
}

// trouble orders the targets: the lower, the higher up.
function trouble(t) {
  if (!t.balanced) return 0;
  if (t.state === 'down') return 1;
  if (t.oldestSeconds > BEHIND_SECONDS) return 2;
  if (t.state === 'draining' || t.unit.differs || t.unit.restarts > 0 || away(t)) return 3;
  return 4;
}

function showTargets(s) {
  const targets = withUnits(s);
  const tally = {};
  for (const t of targets) tally[t.state] = (tally[t.state] || 0) + 1;
  put(at('tally'), ['down', 'draining', 'idle', 'up', 'stopped'].filter((state) => tally[state]).map((state) => `${tally[state]} ${state}`).join(' · '));

  const wanted = at('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = targets.filter((t) => {
    const text = `${t.id} ${t.address} ${t.state} ${t.spooled ? 'spooled' : ''} ${t.lastError || ''} ${t.unit.differs || ''}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  }).sort((a, b) => trouble(a) - trouble(b)); // stable: else in the relay's order
  const shown = showAll ? found : found.slice(0, FIRST_TARGETS);

  const gone = new Set(rows.keys());
  const order = shown.map((t) => {
    gone.delete(t.id);
    if (!rows.has(t.id)) rows.set(t.id, newRow(t));
    const row = rows.get(t.id);
    fillRow(row, t);
    return row.tr;
  });
  for (const id of gone) rows.delete(id);
  const body = at('targets');
  if (order.length !== body.children.length || order.some((tr, i) => tr !== body.children[i])) body.replaceChildren(...order);

  at('none').hidden = found.length > 0;
  put(at('none'), s.targets.length ? 'No target matches the filter.'
    : 'No backend is enabled: points are accepted and go nowhere. Enable one in the configuration file, such as graph, and reload.');
  at('more').hidden = found.length <= shown.length;
  put(at('more'), `Show all ${count(found.length)}`);
}

// The site: the relays that share this one's topology. One alone has none.

function showSite(s) {
  at('site').hidden = !s.site;
  if (!s.site) return;
  const { topology, peers } = s.site;
  put(at('site-agree'), peers.agree ? 'agree' : 'differ', 'chip ' + (peers.agree ? 'good' : 'warn'));
  const pending = topology.pending ? `, version ${topology.pending} from ${new Date(topology.pendingAt).toLocaleTimeString()}` : '';
  put(at('site-topology'), topology.version ? `version ${topology.version} of the shared topology${pending}` : `no shared topology yet${pending}`);
  put(at('site-id'), topology.id || '');
  at('site-differences').hidden = peers.differences.length === 0;
  at('site-differences').replaceChildren(...peers.differences.map((text) => make('li', '', text)));
  const newest = Math.max(...peers.relays.map((p) => Date.parse(p.at)), 0);
  at('peers').replaceChildren(...peers.relays.map((p) => {
    const name = make('b', '', p.relay);
    if (p.relay === peers.relay) name.title = 'this one';
    const rejected = p.state.startsWith('rejected');
    return make('tr', p.alive ? '' : 'muted',
      make('td', 'who', make('div', '', name, make('span', 'address', `${p.host} ${p.pid}`)), make('span', 'small warn', rejected ? p.state : '')),
      make('td', '', make('span', 'chip ' + (!p.alive ? '' : rejected ? 'bad' : p.version ? 'good' : ''), !p.alive ? 'gone' : rejected ? 'rejected' : p.state)),
      numberCell(p.version ? count(p.version) : '-', p.pending ? `then ${count(p.pending)}` : ''),
      numberCell(duration((newest - Date.parse(p.at)) / 1000) + ' ago'),
      numberCell(Math.abs(p.clockOffset) < 0.0005 ? '0 s' : `${p.clockOffset < 0 ? '' : '+'}${p.clockOffset.toFixed(3)} s`));
  }));
}

// Rings change rarely: they are drawn anew only then.

let ringsDrawn = '';

function showRings(s) {
  const rings = JSON.stringify(s.rings);
  if (rings === ringsDrawn) return;
  ringsDrawn = rings;
  at('rings').replaceChildren(...s.rings.map(drawRing));
}

function drawRing(ring) {
  const largest = Math.max(...ring.shares.map((x) => x.share), 0);
  const mean = ring.shares.length ? 1 / ring.shares.length : 0;
  const bars = ring.shares.map((x) => {
    const fill = make('div', 'fill'), mark = make('div', 'mean');
    fill.style.width = largest > 0 ? `${100 * x.share / largest}%` : '0';
    mark.style.left = largest > 0 ? `${100 * mean / largest}%` : '0';
    const bar = make('div', 'share', make('span', 'node', x.node), make('div', 'track', fill, mark), make('span', 'n', (100 * x.share).toFixed(1) + ' %'));
    bar.title = `${x.node}: ${x.addresses.join(', ')}`;
    return bar;
  });
  const balance = largest > 0 ? `, largest share ${(largest / mean).toFixed(2)} × the mean (the mark)` : '';
  const handed = (ring.handoffs ?? []).map((h) => make('span', 'muted',
    `handing ${(100 * h.share).toFixed(1)} % of the series over until ${new Date(h.until).toLocaleTimeString()}`));
  return make('div', 'card',
    make('div', 'bar',
      make('h2', '', `Ring of ${ring.backend}`),
      make('span', 'muted', `${ring.hash}, ${count(ring.replicas)} points a node${balance}`),
      make('code', 'muted', ring.fingerprint),
      ...handed),
    make('div', 'shares', ...bars));
}

// The loop.

let lastAnswer = 0; // when the relay last answered, ms

function show(s) {
  latest = s;
  at('main').hidden = false;
  showHeader(s);
  showEmpty(s);
  showTotals(s);
  showReceivers(s);
  showTargets(s);
  showSite(s);
  showRings(s);
}

function showGone() {
  const silence = duration(Math.round((Date.now() - lastAnswer) / 1000));
  put(at('gone'), lastAnswer ? `The relay at ${location.host} has not answered for ${silence}. What you see is its last word.`
    : `The relay at ${location.host} does not answer.`);
}

// ask returns the relay's status, or null when it does not answer.
async function ask() {
  try {
    const reply = await fetch('api/status', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}

async function refresh() {
  const begun = Date.now();
  const s = await ask();
  setTimeout(refresh, Math.max(100, EVERY_MS - (Date.now() - begun)));
  at('gone').hidden = s !== null;
  document.body.classList.toggle('stale', s === null);
  if (s === null) {
    showGone();
    return;
  }
  lastAnswer = Date.now();
  show(s);
}

at('filter').addEventListener('input', () => { if (latest) showTargets(latest); });
at('more').addEventListener('click', () => { showAll = true; if (latest) showTargets(latest); });
refresh();
