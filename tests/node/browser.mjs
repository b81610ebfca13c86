// Chromium, driven by lines of JSON on standard input: {"do": NAME, ...}. Each is answered with a line on standard output.
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [executablePath, userDataDir, certificate] = process.argv.slice(2);
const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
if (certificate !== undefined) {
  // This one key is trusted, and everything else is checked as always.
  const key = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: "spki", format: "der" });
  args.push(`--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`);
}
const open = (options) => chromium.launchPersistentContext(userDataDir, { executablePath, headless: true, args, ...options });
let context = await open({ javaScriptEnabled: false });
let page = context.pages()[0] ?? (await context.newPage());
const complaints = [];
const look = {};
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let auditor;
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.setDefaultTimeout(60_000);

const commands = {
  go: async ({ url }) => { const answer = await page.goto(url); return { status: answer?.status() ?? 0 }; },
  click: ({ role, name }) => page.getByRole(role, { name, exact: true }).click(),
  clickFirst: ({ selector }) => page.locator(selector).first().click(),
  fill: ({ label, value }) => page.getByLabel(label, { exact: true }).fill(value),
  type: ({ selector, value }) => page.locator(selector).fill(value),
  select: ({ label, value }) => page.getByLabel(label, { exact: true }).selectOption(value),
  press: ({ key }) => page.keyboard.press(key),
  focused: () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? ""),
  read: async ({ selector }) => (await page.locator(selector).first().textContent()).trim(),
  count: ({ selector }) => page.locator(selector).count(),
  where: () => page.url(),
  html: () => page.content(),
  cookies: () => context.cookies(),
  setCookies: ({ cookies }) => context.addCookies(cookies),
  clearCookies: () => context.clearCookies(),
  look: async ({ width, height, scheme }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    look.scheme = scheme;
    // Nothing is wider than the window: no page scrolls sideways.
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  },
  // What an accessibility checker finds wrong: in a copy of the page, as its script does not run in the page itself.
  audit: async () => {
    auditor ??= await chromium.launch({ executablePath, headless: true, args });
    const [viewport, colorScheme] = [page.viewportSize(), look.scheme];
    const copy = await auditor.newPage({ viewport, colorScheme, bypassCSP: true });
    await copy.setContent(await page.content());
    await copy.addScriptTag({ path: axe });
    const { violations, passes } = await copy.evaluate(() => globalThis.axe.run());
    await copy.close();
    if (!passes.some(({ id }) => id === "color-contrast")) return ["no contrast was measured"];
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} (${node.failureSummary})`));
  },
  picture: ({ path }) => page.screenshot({ path, fullPage: true }).then(() => null),
  // The roles and names that a screen reader tells.
  aria: () => page.locator("body").ariaSnapshot(),
  complaints: () => complaints.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ok: (await commands[command.do](command)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: `${error}`.split("\n").slice(0, 12).join("\n"), url: page.url() }));
  }
}
await auditor?.close();
await context.close();
