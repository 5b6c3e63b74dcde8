// Asks all servers the same, compares their answers field by field, and measures them in turns. Prints Markdown.
import { execFileSync } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signer } from "./bearer.mjs";
import { pages, servers, titles } from "./pages.mjs";

const env = process.env;
const folder = env.BENCH_FOLDER;
const at = JSON.parse(env.BENCH_SERVERS); // name -> { port, pid }
const [rounds, seconds, warm] = env.BENCH_QUICK ? [2, 2, 1] : [5, 3, 3];
const sign = signer();
const say = (line) => console.error(line);

const body = (page, server, n) => JSON.stringify({ query: page[server].query.replace(/\s+/g, " "), variables: page[server].variables?.(n) });

async function ask(page, server, n) {
  const post = () => fetch(`http://127.0.0.1:${at[server].port}/graphql`, {
    method: "POST", body: body(page, server, n),
    headers: { "content-type": "application/json", authorization: `Bearer ${sign(page.person(n))}` },
  });
  // A connection that rested during the last measurement may have been closed meanwhile.
  const answer = await post().catch(post);
  const { data, errors } = await answer.json();
  if (!data || errors) throw new Error(`${server} answered ${answer.status} ${JSON.stringify(errors)}`);
  return page[server].read(data);
}

async function compare(name) {
  const page = pages[name];
  for (let step = 0; step < 25; step += 1) {
    const n = 1 + (step * 397) % page.people;
    const [ours, ...others] = await Promise.all(servers.map((server) => ask(page, server, n)));
    others.forEach((theirs, index) => {
      if (isDeepStrictEqual(ours, theirs)) return;
      writeFileSync(join(folder, "ours.json"), JSON.stringify(ours, null, 1));
      writeFileSync(join(folder, "theirs.json"), JSON.stringify(theirs, null, 1));
      throw new Error(`${servers[index + 1]} answers ${name} of ${n} differently: compare ours.json and theirs.json in ${folder}`);
    });
    if (name === "home" && ours.matches.length !== 10) throw new Error(`person ${n} has ${ours.matches.length} matches`);
  }
}

/** Seconds of processor time of a process so far. */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The same of the database server and all its children, those that are gone included. */
function databaseCpu() {
  const postmaster = Number(env.BENCH_POSTMASTER);
  let total = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
      if (Number(pid) === postmaster) total += (Number(fields[13]) + Number(fields[14])) / 100;
      if (Number(pid) === postmaster || Number(fields[1]) === postmaster) total += cpu(pid);
    } catch { /* it ended meanwhile */ }
  }
  return total;
}

function load(name, server, clients, duration) {
  const [own, database] = [cpu(at[server].pid), databaseCpu()];
  const printed = execFileSync("wrk", ["-t1", `-c${clients}`, `-d${duration}s`, "-s", "load.lua",
    `http://127.0.0.1:${at[server].port}/graphql`, "--", join(folder, `${name}-${server}.txt`)], { encoding: "utf8" });
  const found = JSON.parse(printed.trim().split("\n").at(-1));
  if (found.errors > 0) throw new Error(`${server} failed ${found.errors} times on ${name}`);
  const each = (spent) => (spent * 1000) / found.requests;
  return { rate: found.requests / found.seconds, p50: found.p50, p99: found.p99,
    cpu: each(cpu(at[server].pid) - own), database: each(databaseCpu() - database) };
}

/** The statements of the home page, with their values, as the database saw them: one script for each of some people. */
async function statements() {
  const psql = (text) => execFileSync("psql", ["-qAtX", "-c", text, env.BENCH_DATABASE], { encoding: "utf8" });
  const scripts = [];
  psql("ALTER SYSTEM SET log_statement = 'all'");
  psql("SELECT pg_reload_conf()");
  await new Promise((done) => setTimeout(done, 300));
  for (let n = 1; n <= 32; n += 1) {
    // Whatever is prepared or remembered once is so by now.
    await ask(pages.home, "counterpart", n * 70);
    const before = readFileSync(env.BENCH_DATABASE_LOG, "utf8").length;
    await ask(pages.home, "counterpart", n * 70);
    const seen = readFileSync(env.BENCH_DATABASE_LOG, "utf8").slice(before);
    const found = [...seen.matchAll(/LOG: {2}execute [^:]+: (.*)\n(?:.*DETAIL: {2}parameters: (.*)\n)?/gi)].map(([, text, values]) => {
      const given = new Map([...(values ?? "").matchAll(/(\$\d+) = ('(?:[^']|'')*'|NULL)/g)].map(([, name, value]) => [name, value]));
      return `${text.replace(/\$\d+/g, (name) => given.get(name))};`;
    });
    scripts.push(found);
  }
  psql("ALTER SYSTEM RESET log_statement");
  psql("SELECT pg_reload_conf()");
  scripts.forEach((script, index) => writeFileSync(join(folder, `home-${index}.sql`), `${script.join("\n")}\n`));
  return scripts;
}

function pgbench(scripts, clients, duration) {
  const files = scripts.flatMap((_, index) => ["-f", join(folder, `home-${index}.sql`)]);
  const printed = execFileSync("pgbench", ["-n", "-M", "prepared", "-c", clients, "-j", "1", "-T", duration, ...files, env.BENCH_DATABASE], { encoding: "utf8" });
  return Number(/tps = ([\d.]+)/.exec(printed)[1]);
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
const middle = (runs) => Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((run) => run[key]))]));
const short = (number) => (number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2));
const table = (head, lines) => console.log([head, head.map((_, index) => (index === 0 ? "---" : "--:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n") + "\n");

/** What a server is asked for a page by each of these people. */
const write = (name, server, people) => writeFileSync(join(folder, `${name}-${server}.txt`),
  people.map((n) => `${sign(pages[name].person(n))}\t${body(pages[name], server, n)}\n`).join(""));

/** The home pages of people who were not asked for yet: so many, and so short, that next to nobody is asked for twice. */
function firstLooks() {
  write("home", "counterpart", Array.from({ length: 7_500 }, (_, step) => 2_501 + step));
  return load("home", "counterpart", 16, 1);
}

const results = {};
for (const name of Object.keys(pages)) {
  await compare(name);
  say(`${name}: all answers are equal`);
  for (const server of servers) {
    // Of the home page, three quarters of the people are left for first looks.
    const known = name === "home" ? 2_500 : pages[name].people;
    write(name, server, Array.from({ length: Math.min(known, 500) }, (_, step) => 1 + (step * 7919) % known));
    load(name, server, 16, warm);
  }
  const scripts = name === "home" ? await statements() : [];
  if (name === "home") results.statements = scripts[0];
  for (const clients of [1, 16]) {
    const runs = Object.fromEntries(servers.map((server) => [server, []]));
    const limit = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const server of servers) runs[server].push(load(name, server, clients, seconds));
      if (name === "home") limit.push(pgbench(scripts, clients, seconds));
    }
    results[`${name} ${clients}`] = { ...Object.fromEntries(servers.map((server) => [server, middle(runs[server])])), limit: limit.length ? median(limit) : null };
    say(`${name}, ${clients} clients: ${servers.map((server) => `${server} ${short(results[`${name} ${clients}`][server].rate)}/s`).join(", ")}${limit.length ? `, pgbench ${short(median(limit))}/s` : ""}`);
  }
}

const [one, sixteen] = [results["home 1"], results["home 16"]];
const target = (what, aim, found, met) => [what, aim, found, met ? "met" : "**missed**"];
const ratio = (number) => `${number.toFixed(2)} ×`;
const [fast, rival] = [one.counterpart.p50 / one.postgraphile.p50, sixteen.counterpart.rate];
const [rss, ready] = [Number(env.BENCH_RSS), Number(env.BENCH_READY)];
table(["Target", "", "measured", ""], [
  target("home page, one client, p50", "at most 0.60 × PostGraphile", ratio(fast), fast <= 0.6),
  target("home page, 16 clients, requests/s", "at least 2.50 × PostGraphile", ratio(rival / sixteen.postgraphile.rate), rival >= 2.5 * sixteen.postgraphile.rate),
  target("home page, 16 clients, requests/s", "at least 1.80 × Mercurius", ratio(rival / sixteen.mercurius.rate), rival >= 1.8 * sixteen.mercurius.rate),
  target("home page, 16 clients, requests/s", "at least 45 % of pgbench", `${((rival / sixteen.limit) * 100).toFixed(0)} %`, rival >= 0.45 * sixteen.limit),
  target("memory of an idle replica", "under 60 MB", `${rss.toFixed(0)} MB`, rss < 60),
  target("start to ready", "under 1 s", `${ready.toFixed(2)} s`, ready < 1),
]);
for (const name of Object.keys(pages)) {
  console.log(`**${titles[name]}**\n`);
  table(["", "clients", "requests/s", "beside ours", "p50, ms", "p99, ms", "server's CPU, ms each", "database's CPU, ms each"],
    [1, 16].flatMap((clients) => {
      const found = results[`${name} ${clients}`];
      const line = (server) => [server === "counterpart" ? "Counterpart" : server === "postgraphile" ? "PostGraphile" : "Mercurius", clients,
        short(found[server].rate), ratio(found[server].rate / found.counterpart.rate), short(found[server].p50), short(found[server].p99), short(found[server].cpu), short(found[server].database)];
      const limit = found.limit === null ? [] : [["pgbench, our statements", clients, short(found.limit), ratio(found.limit / found.counterpart.rate), "", "", "", ""]];
      return [...servers.map(line), ...limit];
    }));
}
const first = firstLooks();
console.log(`Home pages that nobody has looked at lately, 16 clients: ${short(first.rate)} requests/s, ` +
  `${((first.rate / rival) * 100).toFixed(0)} % of the above.\n`);
console.log(`The home page is ${results.statements.length} statement${results.statements.length === 1 ? "" : "s"}.\n`);
