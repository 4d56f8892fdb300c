// The structure in 3D and its motion: one viewer for the page, moved to where it is looked at.
const nearsightStage = (() => {
  "use strict";

  const PERIOD_MS = 1600;
  const CELL_COLOR = "#8a939c";
  const ARROW_COLOR = "#2f7de1";
  const SHORTEST_ARROW = 0.12; // of the longest one; shorter ones are noise to the eye
  const ARROW_STRETCH = 4; // so that arrows reach out of the balls

  const stillness = window.matchMedia("(prefers-reduced-motion: reduce)");
  const byId = (id) => document.getElementById(id);

  // ---- structures ---------------------------------------------------------------------------

  function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Int8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = (text.charCodeAt(i) << 24) >> 24;
    return bytes;
  }

  /** Atoms of the cell and the images that complete its bonds, with bonds both ways. */
  function atomsOf(data) {
    const place = (index, shift) => {
      const kind = data.atoms[index];
      return {
        elem: data.elements[kind],
        color: data.atom_colors ? data.atom_colors[index] : data.colors[kind],
        radius: data.radii[kind],
        source: index,
        x: data.positions[3 * index] + shift[0],
        y: data.positions[3 * index + 1] + shift[1],
        z: data.positions[3 * index + 2] + shift[2],
        bonds: [],
        bondOrder: [],
      };
    };
    const atoms = data.atoms.map((_, index) => place(index, [0, 0, 0]));
    for (const [index, ...shift] of data.images) atoms.push(place(index, shift));
    for (const [one, other] of data.bonds) {
      atoms[one].bonds.push(other);
      atoms[one].bondOrder.push(1);
      atoms[other].bonds.push(one);
      atoms[other].bondOrder.push(1);
    }
    return atoms;
  }

  function cellEdges(vectors) {
    const add = (a, b) => a.map((value, i) => value + b[i]);
    let corners = [[0, 0, 0]];
    let edges = [];
    for (const vector of vectors) {
      const moved = corners.map((corner) => add(corner, vector));
      edges = edges
        .concat(edges.map(([a, b]) => [add(a, vector), add(b, vector)]))
        .concat(corners.map((corner, i) => [corner, moved[i]]));
      corners = corners.concat(moved);
    }
    return edges;
  }

  // ---- the viewer: one for the page, since a browser gives it few drawing contexts -----------

  const stage = {
    viewer: null,
    host: null,
    panel: null,
    atoms: [],
    rest: [],
    modes: null,
    mode: null,
    phase: 0,
    playing: false,
    arrows: [],
    last: 0,
    loop: 0,
    visible: true,
    onLeave: () => {},

    hasWebGL() {
      const canvas = document.createElement("canvas");
      try {
        return Boolean(window.WebGLRenderingContext && (canvas.getContext("webgl2") || canvas.getContext("webgl")));
      } catch (error) {
        return false;
      }
    },

    start() {
      if (this.viewer !== null) return true;
      if (typeof window.$3Dmol === "undefined" || !this.hasWebGL()) return false;
      this.host = document.createElement("div");
      this.host.className = "host";
      // It is measured when the viewer is made, so it must lie in the page by then.
      document.querySelector(".stage").append(this.host);
      try {
        this.viewer = window.$3Dmol.createViewer(this.host, { antialias: true });
      } catch (error) {
        this.viewer = null;
      }
      if (!this.viewer) {
        this.host.remove();
        return false;
      }
      this.matchPaper();
      // Turning the wheel scrolls the page; with Ctrl it zooms, as on a map.
      this.host.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
      }, { capture: true, passive: true });
      return true;
    },

    /** Give the background, and the haze before it, the colour of the page, light or dark. */
    matchPaper() {
      if (this.viewer === null) return;
      const styles = getComputedStyle(document.documentElement);
      this.viewer.setBackgroundColor(styles.getPropertyValue("--raised").trim(), 1);
    },

    show(panel) {
      if (this.panel === panel) return true;
      if (!this.start()) return false;
      if (this.panel !== null) this.onLeave(this.panel);
      this.panel = panel;
      this.visible = true;
      const box = panel.querySelector(".stage");
      box.querySelector(".stage-message").hidden = true;
      box.append(this.host);
      const data = JSON.parse(byId(`${panel.dataset.viewer}-viewer`).textContent);
      this.modes = data.modes ? bytesOf(data.modes) : null;
      this.nAtoms = data.atoms.length;
      this.mode = null;
      this.playing = false;
      this.arrows = [];
      this.viewer.removeAllModels();
      this.viewer.removeAllShapes();
      this.viewer.removeAllLabels();
      this.model = this.viewer.addModel();
      this.model.addAtoms(atomsOf(data));
      this.atoms = this.model.selectedAtoms({});
      this.rest = this.atoms.map(({ x, y, z }) => [x, y, z]);
      this.styles = data.elements.map((element, kind) => [
        { elem: element },
        { sphere: { radius: data.radii[kind] }, stick: { radius: 0.09 } },
      ]);
      for (const [selection, style] of this.styles) this.model.setStyle(selection, style);
      this.drawCell(data.cell);
      for (const surface of data.surfaces || []) this.drawSurface(surface);
      this.viewer.resize();
      this.reset(data.cell.length > 0);
      return true;
    },

    drawCell(vectors) {
      const point = ([x, y, z]) => ({ x, y, z });
      for (const [start, end] of cellEdges(vectors)) {
        this.viewer.addCylinder({ start: point(start), end: point(end), radius: 0.03, color: CELL_COLOR, fromCap: 1, toCap: 1 });
      }
    },

    /** Draw triangles, each corner with the mean normal of those that meet there. */
    drawSurface(surface) {
      const places = new Int16Array(bytesOf(surface.vertices).buffer);
      const faces = new Uint32Array(bytesOf(surface.faces).buffer);
      const vertices = [];
      for (let i = 0; i < places.length; i += 3) {
        vertices.push({ x: places[i] / 100, y: places[i + 1] / 100, z: places[i + 2] / 100 });
      }
      const normals = vertices.map(() => new window.$3Dmol.Vector3(0, 0, 0));
      for (let i = 0; i < faces.length; i += 3) {
        const [a, b, c] = [0, 1, 2].map((corner) => vertices[faces[i + corner]]);
        const [u, v] = [b, c].map((end) => new window.$3Dmol.Vector3(end.x - a.x, end.y - a.y, end.z - a.z));
        const normal = u.cross(v);
        for (let corner = 0; corner < 3; corner += 1) normals[faces[i + corner]].add(normal);
      }
      for (const normal of normals) normal.normalize();
      this.viewer.addCustom({
        vertexArr: vertices,
        normalArr: normals,
        faceArr: Array.from(faces),
        color: surface.color,
        opacity: surface.opacity,
        side: 2,
      });
    },

    reset() {
      this.viewer.setView([0, 0, 0, 0, 0, 0, 0, 1]);
      this.viewer.zoomTo();
      this.viewer.rotate(-70, "x");
      this.viewer.rotate(12, "y");
      this.viewer.zoom(0.95);
      this.viewer.render();
    },

    amplitude() {
      return Number(this.panel.querySelector('[data-action="amplitude"]').value);
    },

    displacement(index) {
      const start = 3 * (this.mode * this.nAtoms + this.atoms[index].source);
      return [0, 1, 2].map((i) => this.modes[start + i] / 127);
    },

    choose(mode) {
      this.mode = mode;
      this.phase = 0;
      this.play(!stillness.matches);
      if (stillness.matches) this.panel.querySelector('[data-action="arrows"]').checked = true;
      this.drawArrows();
    },

    play(on) {
      this.playing = on && this.mode !== null;
      this.last = 0;
      const button = this.panel.querySelector('[data-action="pause"]');
      button.disabled = this.mode === null;
      button.textContent = this.playing || this.mode === null ? "Pause" : "Play";
      this.loop += 1; // ends the loop that may be going on
      const loop = this.loop;
      if (this.playing) requestAnimationFrame((now) => this.step(now, loop));
    },

    step(now, loop) {
      if (!this.playing || loop !== this.loop) return;
      const passed = this.last ? Math.min(now - this.last, 100) : 0;
      this.last = now;
      if (this.visible && !document.hidden) {
        this.phase = (this.phase + passed / PERIOD_MS) % 1;
        this.draw();
      }
      requestAnimationFrame((later) => this.step(later, loop));
    },

    draw() {
      const reach = this.mode === null ? 0 : this.amplitude() * Math.sin(2 * Math.PI * this.phase);
      this.atoms.forEach((atom, index) => {
        const [x, y, z] = this.rest[index];
        const [dx, dy, dz] = reach === 0 ? [0, 0, 0] : this.displacement(index);
        atom.x = x + reach * dx;
        atom.y = y + reach * dy;
        atom.z = z + reach * dz;
      });
      // A changed style is what makes the viewer build its shapes again.
      const [selection, style] = this.styles[0];
      this.model.setStyle(selection, style);
      this.viewer.render();
    },

    drawArrows() {
      for (const arrow of this.arrows) this.viewer.removeShape(arrow);
      this.arrows = [];
      const wanted = this.panel.querySelector('[data-action="arrows"]').checked;
      if (wanted && this.mode !== null) {
        const scale = ARROW_STRETCH * this.amplitude();
        this.rest.forEach(([x, y, z], index) => {
          const [dx, dy, dz] = this.displacement(index);
          if (Math.hypot(dx, dy, dz) < SHORTEST_ARROW) return;
          this.arrows.push(this.viewer.addArrow({
            start: { x, y, z },
            end: { x: x + scale * dx, y: y + scale * dy, z: z + scale * dz },
            radius: 0.07,
            radiusRatio: 2.2,
            mid: 0.72,
            color: ARROW_COLOR,
          }));
        });
      }
      this.draw();
    },
  };

  return stage;
})();
