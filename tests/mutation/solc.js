// Compile as often as asked: a line of standard JSON input on standard input, a line of output on standard output.
// A process that begins anew for each one takes longer to begin than to compile.
const solc = require(process.argv[2]);
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => process.stdout.write(JSON.stringify(JSON.parse(solc.compile(line))) + "\n"));
