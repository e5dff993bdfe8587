// Makes a drawn map one that can be moved: Leaflet comes only when somebody wants it. Points are gathered on a grid
// and drawn on a canvas, so that ten thousand stay smooth. What is at a spot is asked for when it is opened.
(() => {
  const load = (tag, attributes) =>
    new Promise((done, failed) => {
      const element = Object.assign(document.createElement(tag), attributes);
      element.onload = done;
      element.onerror = failed;
      document.head.append(element);
    });
  const json = async (url) => (await fetch(url)).json();
  const shareOf = (numbers, share) => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) * share)];
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // The land as dots under the points, the names of towns over them.
  const makeGround = (L, ground, colour) =>
    L.Layer.extend({
      onAdd(map) {
        this.land = L.DomUtil.create("canvas", "ground", map.getPane("tilePane"));
        this.names = L.DomUtil.create("canvas", "ground", map.getPane("markerPane"));
        map.on("moveend zoomend resize", this.draw, this);
        this.draw();
      },
      onRemove(map) {
        this.land.remove();
        this.names.remove();
        map.off("moveend zoomend resize", this.draw, this);
      },
      draw() {
        const map = this._map;
        const edge = 0.3; // drawn beyond the frame, for a map that is being dragged
        const size = map.getSize();
        const width = size.x * (1 + 2 * edge);
        const height = size.y * (1 + 2 * edge);
        const corner = map.containerPointToLayerPoint([-size.x * edge, -size.y * edge]);
        const at = (latitude, longitude) => map.latLngToLayerPoint([latitude, longitude]).subtract(corner);
        const inside = (p) => p.x > 0 && p.y > 0 && p.x < width && p.y < height;
        const pen = (canvas) => {
          const ratio = window.devicePixelRatio || 1;
          L.DomUtil.setPosition(canvas, corner);
          Object.assign(canvas, { width: width * ratio, height: height * ratio });
          Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
          const context = canvas.getContext("2d");
          context.scale(ratio, ratio);
          return context;
        };
        const land = pen(this.land);
        const dot = (at(40, 0.7).x - at(40, 0).x) * 0.27;
        const round = (p, radius) => {
          land.moveTo(p.x + radius, p.y);
          land.arc(p.x, p.y, radius, 0, 7);
        };
        land.fillStyle = colour("--map-land");
        land.beginPath();
        if (dot < 10) {
          for (const [latitude, longitude] of ground.dots) {
            const p = at(latitude, longitude);
            if (inside(p)) round(p, Math.max(dot, 1.2));
          }
        } else {
          for (const [, latitude, longitude] of ground.towns) {
            const p = at(latitude, longitude);
            if (inside(p)) round(p, 3);
          }
        }
        land.fill();
        const names = pen(this.names);
        names.font = `italic 14px ${colour("--serif")}`;
        names.textAlign = "center";
        names.lineJoin = "round";
        names.lineWidth = 4;
        names.strokeStyle = colour("--map-ground");
        names.fillStyle = colour("--soft");
        const taken = [];
        for (const [name, latitude, longitude] of ground.towns) {
          const p = at(latitude, longitude);
          const half = name.length * 3.8 + 14;
          if (!inside(p) || taken.some((t) => Math.abs(t.y - p.y) < 44 && Math.abs(t.x - p.x) < half + t.half)) continue;
          taken.push({ x: p.x, y: p.y, half });
          names.strokeText(name, p.x, p.y + 18);
          names.fillText(name, p.x, p.y + 18);
          if (taken.length >= 10 + 6 * Math.max(0, map.getZoom() - 4)) break;
        }
      },
    });

  const open = async (box) => {
    if (box.dataset.opened) return;
    box.dataset.opened = "1";
    const data = box.dataset;
    try {
      const [points, ground] = await Promise.all([
        json(data.points),
        data.tiles ? null : json(data.ground),
        window.L || load("script", { src: data.leaflet }),
        window.L || load("link", { rel: "stylesheet", href: data.leafletCss }),
      ]);
      show(box, window.L, points, ground);
    } catch {
      delete data.opened; // the drawing stays, and the list
    }
  };

  const show = (box, L, points, ground) => {
    const data = box.dataset;
    const colour = (name) => getComputedStyle(box).getPropertyValue(name).trim();
    const sheet = document.createElement("div");
    sheet.className = "sheet";
    sheet.setAttribute("role", "region");
    sheet.setAttribute("aria-label", data.wordLabel);
    box.replaceChildren(sheet);
    box.classList.add("live");
    const button = box.closest(".explorable")?.querySelector(".explore");
    if (button) button.hidden = true;
    const map = L.map(sheet, { preferCanvas: true, zoomAnimation: false, zoomSnap: data.tiles ? 1 : 0.25, fadeAnimation: false, minZoom: 3, maxZoom: data.tiles ? 18 : 13, attributionControl: Boolean(data.tiles), worldCopyJump: true });
    if (data.latitude) map.setView([data.latitude, data.longitude], 8);
    else if (points.length) map.fitBounds([0.02, 0.98].map((share) => [0, 1].map((n) => shareOf(points.map((p) => p[n]), share))), { maxZoom: 9 });
    else map.setView([39.5, -96], 4);
    if (data.tiles) L.tileLayer(data.tiles).addTo(map);
    else new (makeGround(L, ground, colour))().addTo(map);

    const layer = L.layerGroup().addTo(map);
    const draw = () => {
      layer.clearLayers();
      const zoom = map.getZoom();
      const wide = zoom < 5.5;
      const cell = wide ? 13 : zoom >= 11 ? 10 : 22;
      const bounds = map.getBounds().pad(0.3);
      const cells = new Map();
      for (const [latitude, longitude, room] of points) {
        if (!bounds.contains([latitude, longitude])) continue;
        const p = map.project([latitude, longitude], zoom);
        const key = `${Math.floor(p.x / cell)}:${Math.floor(p.y / cell)}`;
        const spot = cells.get(key) || { n: 0, room: 0, latitude: 0, longitude: 0, south: 90, west: 180, north: -90, east: -180 };
        spot.n += 1;
        spot.room += room;
        spot.latitude += latitude;
        spot.longitude += longitude;
        spot.south = Math.min(spot.south, latitude);
        spot.north = Math.max(spot.north, latitude);
        spot.west = Math.min(spot.west, longitude);
        spot.east = Math.max(spot.east, longitude);
        cells.set(key, spot);
      }
      for (const spot of cells.values()) {
        const marker = L.circleMarker([spot.latitude / spot.n, spot.longitude / spot.n], {
          radius: wide ? Math.min(8, 3 + 0.9 * Math.log2(spot.n)) : Math.min(12, 6.5 + 1.6 * Math.log2(spot.n)),
          color: colour("--raised"),
          weight: wide ? 0.75 : 1.5,
          fillColor: colour(spot.room ? "--brand-text" : "--edge"),
          fillOpacity: 0.92,
        });
        marker.on("click", () => tell(map, spot, data));
        layer.addLayer(marker);
      }
    };
    map.on("moveend", draw);
    draw();
    dark.addEventListener("change", () => map.fire("moveend"));
  };

  // What is at a spot, built as elements: titles come from strangers.
  const tell = async (map, spot, data) => {
    const e = 0.0006;
    const box = [spot.south - e, spot.west - e, spot.north + e, spot.east + e].map((n) => n.toFixed(5)).join();
    const there = await json(`${data.points}?box=${box}`);
    const list = document.createElement("ul");
    list.className = "there";
    for (const event of there.events) {
      const link = Object.assign(document.createElement("a"), { href: event.url, textContent: event.title });
      const when = Object.assign(document.createElement("small"), { textContent: event.room ? event.when : `${event.when} (${data.wordFull})` });
      const row = document.createElement("li");
      row.append(link, when);
      list.append(row);
    }
    const content = document.createElement("div");
    if (there.events.length > 1) {
      const n = there.events.length + there.more;
      content.append(Object.assign(document.createElement("strong"), { textContent: `${n} ${data.wordEvents}` }));
    }
    content.append(list);
    if (there.more) content.append(Object.assign(document.createElement("small"), { textContent: data.wordMore }));
    window.L.popup({ minWidth: 200, maxWidth: 280, maxHeight: 260, autoPanPadding: [20, 20] })
      .setLatLng([spot.latitude / spot.n, spot.longitude / spot.n])
      .setContent(content)
      .openOn(map);
  };

  const ready = () => {
    for (const box of document.querySelectorAll(".explorer:not([data-opened])")) {
      const button = box.closest(".explorable")?.querySelector(".explore");
      if (button) button.hidden = false;
      if ("open" in box.dataset) open(box);
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".explorable .explore");
    if (button) open(button.closest(".explorable").querySelector(".explorer"));
  });
  document.addEventListener("htmx:afterSwap", ready);
  ready();
})();
