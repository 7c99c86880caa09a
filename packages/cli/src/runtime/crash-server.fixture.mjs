// A server to be killed: starts a runtime for the folder and the cluster it is told, says where, and never stops by itself.
import { startRuntime } from "@behalf/cli";

const [project, directory, adminDatabaseUrl, gates] = process.argv.slice(2);
const runtime = await startRuntime({ project, directory, adminDatabaseUrl, environment: { GATES: gates } });
process.stdout.write(`${JSON.stringify({ apiUrl: runtime.apiUrl, secretKey: runtime.secretKey })}\n`);
