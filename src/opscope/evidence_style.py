"""The style sheet of the evidence pack: for screens, light and dark, and for paper (A4)."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; --band: #f6f8fa; --link: #0b5cad;
  --production: 230 159 0; --operations: 0 114 178; --production-edge: #a86f00; --operations-edge: #0072b2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e6e9ec; --quiet: #a3acb5; --line: #3a424b; --band: #1e2329; --link: #7cc0f5;
    --operations: 64 160 220; --production-edge: #f0b232; --operations-edge: #6db9ec;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 82rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0; }
p { margin: .4rem 0; max-width: 75ch; }
a { color: var(--link); }
header .quiet { max-width: none; }
.quiet { color: var(--quiet); font-size: .875rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; padding: 0; margin: .8rem 0 0; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.4; }
dl + h3, ul + h3 { margin-top: 1.2rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--band); white-space: nowrap; }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.user { overflow-wrap: anywhere; }
.activities { font-size: .8125rem; }
.activities th, .activities td { padding: .35rem .45rem; }
.activities .user { min-width: 12rem; }
.activities .why { min-width: 11.5rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1rem 2.5rem; align-items: start;
  margin-top: 1rem; }
.bar { display: block; width: 100%; min-width: 7rem; height: .9rem; background: var(--band); }
.bar rect { fill: var(--quiet); }
.bar .production { fill: #e69f00; }
.bar .operations { fill: #0072b2; }
.tag { display: inline-block; padding-left: .45rem; border-left: .3rem solid var(--quiet); white-space: nowrap; }
.tag.production { border-left: .3rem solid #e69f00; }
.tag.operations { border-left: .3rem dotted var(--operations-edge); }
.tag.review, .tag.unfamiliar { border-left-style: double; }
mark { color: inherit; padding: 0 .1em; border-radius: .15em .15em 0 0; }
mark.opscope-production { background: rgb(var(--production) / calc(.1 + .4 * var(--strength)));
  border-bottom: 2px solid var(--production-edge); }
mark.opscope-operations { background: rgb(var(--operations) / calc(.1 + .35 * var(--strength)));
  border-bottom: 2px dotted var(--operations-edge); }
.legend { padding: .5rem .8rem; background: var(--band); border: 1px solid var(--line); border-radius: .3rem; max-width: none; }
article { padding: .9rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
article .marked { font-size: 1.1em; line-height: 1.9; max-width: none; overflow-wrap: anywhere; }
dl { margin: .3rem 0 0; display: grid; grid-template-columns: 11rem 1fr; gap: .2rem 1rem; font-size: .875rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; max-width: 90ch; }
@media (max-width: 40rem) {
  body { padding: 1rem; }
  dl { grid-template-columns: 1fr; }
  dd { margin-bottom: .4rem; }
  .two { grid-template-columns: minmax(0, 1fr); }
  .bar { min-width: 3rem; }
}
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root {
    color-scheme: light; --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --band: #f3f3f3; --link: #000;
    --operations: 0 114 178; --production-edge: #a86f00; --operations-edge: #0072b2;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  nav { display: none; }
  a { text-decoration: none; }
  .scroll { overflow: visible; }
  .two { grid-template-columns: 1fr 1fr; }
  table { font-size: 8pt; }
  .activities, dl { font-size: 7.5pt; }
  th, td, .activities th, .activities td { padding: 1mm 1.2mm; }
  .activities .tag { white-space: normal; }
  h2 { margin-top: 6mm; }
  .activities .user, .activities .why { min-width: 0; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
}
"""
