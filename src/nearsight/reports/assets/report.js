// The moving parts of a Nearsight report. Without scripts the page keeps all its numbers.
(() => {
  "use strict";

  const TURN_DEGREES = 10;

  document.documentElement.classList.add("scripted");
  const stage = nearsightStage;
  const byId = (id) => document.getElementById(id);
  const textOf = (id) => JSON.stringify(JSON.parse(byId(id).textContent), null, 2);

  // ---- where the viewer is ------------------------------------------------------------------

  function leave(panel) {
    const box = panel.querySelector(".stage");
    const message = box.querySelector(".stage-message");
    message.textContent = "";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show this structure in 3D";
    button.addEventListener("click", () => arrive(panel));
    message.append(button);
    message.hidden = false;
    const pause = panel.querySelector('[data-action="pause"]');
    if (pause !== null) pause.disabled = true;
    say(panel, "Choose a mode to see it move.");
  }

  function arrive(panel) {
    if (stage.show(panel)) {
      const chosen = panel.closest(".motion").querySelector('input[type="radio"]:checked');
      if (chosen) chooseMode(chosen);
      return true;
    }
    for (const message of document.querySelectorAll(".stage-message")) {
      message.textContent =
        "This browser offers no WebGL, so the structure cannot be shown in 3D here. " +
        "All numbers, tables and charts of this page are complete without it.";
    }
    for (const box of document.querySelectorAll(".stage")) box.classList.add("without");
    for (const useless of document.querySelectorAll(".viewer .controls, .viewer .zoom, .viewer .playing")) useless.remove();
    return false;
  }

  // ---- modes --------------------------------------------------------------------------------

  const say = (panel, text) => {
    const line = panel.querySelector(".playing");
    if (line) line.textContent = text;
  };

  function chooseMode(input) {
    const motion = input.closest(".motion");
    const panel = motion.querySelector(".viewer");
    const row = input.closest("tr");
    for (const other of motion.querySelectorAll("tr.chosen")) other.classList.remove("chosen");
    row.classList.add("chosen");
    const wavenumber = Number(row.querySelector("data").value);
    markInChart(input.closest(".structure"), wavenumber);
    if (!stage.show(panel)) return;
    stage.choose(Number(input.value));
    const kind = wavenumber < 0 ? ", imaginary" : "";
    const shares = row.querySelector(".shares").textContent;
    say(panel, `Mode ${input.value} at ${wavenumber.toFixed(1).replace("-", "−")} ${row.closest("table").dataset.unit}${kind}: ${shares}`);
  }

  function markInChart(section, wavenumber) {
    const cursor = section.querySelector(".chart .cursor");
    if (cursor === null) return;
    const { low, high, left, right } = cursor.closest("svg").dataset;
    const share = (wavenumber - Number(low)) / (Number(high) - Number(low));
    cursor.setAttribute("transform", `translate(${Number(left) + share * (Number(right) - Number(left))} 0)`);
    cursor.setAttribute("visibility", "visible");
  }

  const ACTIONS = {
    pause: () => stage.play(!stage.playing),
    in: () => { stage.viewer.zoom(1.25); stage.viewer.render(); },
    out: () => { stage.viewer.zoom(0.8); stage.viewer.render(); },
    reset: () => stage.reset(),
  };

  const KEYS = {
    ArrowLeft: () => stage.viewer.rotate(-TURN_DEGREES, "y"),
    ArrowRight: () => stage.viewer.rotate(TURN_DEGREES, "y"),
    ArrowUp: () => stage.viewer.rotate(-TURN_DEGREES, "x"),
    ArrowDown: () => stage.viewer.rotate(TURN_DEGREES, "x"),
    "+": () => stage.viewer.zoom(1.25),
    "=": () => stage.viewer.zoom(1.25),
    "-": () => stage.viewer.zoom(0.8),
  };

  function connect(panel) {
    panel.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-action]");
      if (button && stage.show(panel)) ACTIONS[button.dataset.action]();
    });
    panel.querySelector(".stage").addEventListener("keydown", (event) => {
      if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || stage.panel !== panel) return;
      event.preventDefault();
      KEYS[event.key]();
      stage.viewer.render();
    });
    // A heat capacity that was probed comes with a structure, but without modes.
    if (panel.querySelector(".controls") !== null) connectMotion(panel);
  }

  function connectMotion(panel) {
    panel.querySelector('[data-action="amplitude"]').addEventListener("input", (event) => {
      panel.querySelector("output").textContent = `${Number(event.target.value).toFixed(2)} Å`;
      if (stage.panel === panel) stage.drawArrows();
    });
    panel.querySelector('[data-action="arrows"]').addEventListener("change", () => {
      if (stage.show(panel)) stage.drawArrows();
    });
    const table = panel.closest(".motion").querySelector(".modes table");
    if (table === null) return;
    table.addEventListener("change", (event) => chooseMode(event.target));
    table.addEventListener("click", (event) => {
      const row = event.target.closest("tbody tr");
      if (row === null || event.target.closest("label")) return;
      const input = row.querySelector("input");
      if (!input.disabled) input.click();
    });
  }

  // ---- the record ---------------------------------------------------------------------------

  function download(text, name, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      // Pages opened from a file have no clipboard in some browsers; a selection still has one.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button === null) return;
    const { copy: copied, download: saved, downloadAll, structure, name } = button.dataset;
    if (saved) download(textOf(saved), name, "application/json");
    if (structure) download(JSON.parse(byId(structure).textContent).extxyz, name, "text/plain");
    if (downloadAll) {
      const records = [...document.querySelectorAll(".record-data")];
      const all = records.map((element) => JSON.parse(element.textContent));
      download(JSON.stringify(all, null, 2), downloadAll, "application/json");
    }
    if (copied) {
      const done = await copy(textOf(copied));
      const status = button.parentElement.querySelector(".status");
      status.textContent = done ? "Copied." : "The browser did not allow it; use Download.";
    }
  });

  for (const details of document.querySelectorAll("details[data-show]")) {
    details.addEventListener("toggle", () => {
      details.querySelector("pre").textContent = textOf(details.dataset.show);
    }, { once: true });
  }

  // ---- start --------------------------------------------------------------------------------

  const panels = [...document.querySelectorAll("[data-viewer]")];
  stage.onLeave = leave;
  panels.forEach(connect);
  panels.slice(1).forEach(leave);
  if (panels.length > 0) arrive(panels[0]);

  if ("IntersectionObserver" in window) {
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (stage.panel !== null && stage.panel.contains(entry.target)) stage.visible = entry.isIntersecting;
      }
    });
    for (const panel of panels) watcher.observe(panel.querySelector(".stage"));
  }

  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => stage.matchPaper());

  window.addEventListener("beforeprint", () => {
    if (stage.panel === null) return;
    const box = stage.panel.querySelector(".stage");
    const still = box.querySelector(".still") || document.createElement("img");
    still.className = "still";
    still.alt = "The structure as it was turned on the screen";
    stage.viewer.setBackgroundColor("white", 1);
    stage.viewer.render();
    still.src = stage.viewer.pngURI();
    stage.matchPaper();
    box.append(still);
    box.classList.add("has-still");
  });
})();
