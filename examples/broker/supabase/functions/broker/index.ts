import { createBroker } from "npm:behalf@^0.1.0/broker";

// Holds the key that signs; workers come with a grant and leave with a user's token.
Deno.serve(createBroker({ onExchange: (event) => console.log(JSON.stringify(event)) }));
