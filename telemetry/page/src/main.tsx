// Starts the page: one poller, and the frame drawn anew after each of its readings.

import { render } from "preact";
import { Poller } from "./poller.js";
import { App } from "./view/app.js";

const place = document.getElementById("app");
if (!place) throw new Error("index.html has no element #app");

const poller = new Poller(draw);

function draw(): void {
  if (place) render(<App poller={poller} />, place);
}

draw();
void poller.ask();
