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
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // The land as dots and the names of towns, on a canvas under the points.
  const makeGround = (L, ground, colour) =>
    L.Layer.extend({
      onAdd(map) {
        this.canvas = L.DomUtil.create("canvas", "ground");
        map.getPane("tilePane").append(this.canvas);
        map.on("moveend zoomend resize", this.draw, this);
        this.draw();
      },
      onRemove(map) {
        this.canvas.remove();
        map.off("moveend zoomend resize", this.draw, this);
      },
      draw() {
        const map = this._map;
        const size = map.getSize();
        const edge = 0.3;
        const width = size.x * (1 + 2 * edge);
        const height = size.y * (1 + 2 * edge);
        const ratio = window.devicePixelRatio || 1;
        const corner = map.containerPointToLayerPoint([-size.x * edge, -size.y * edge]);
        L.DomUtil.setPosition(this.canvas, corner);
        this.canvas.width = width * ratio;
        this.canvas.height = height * ratio;
        this.canvas.style.width = `${width}px`;
        this.canvas.style.height = `${height}px`;
        const pen = this.canvas.getContext("2d");
        pen.scale(ratio, ratio);
        const at = (latitude, longitude) => map.latLngToLayerPoint([latitude, longitude]).subtract(corner);
        const inside = (p, margin) => p.x > -margin && p.y > -margin && p.x < width + margin && p.y < height + margin;
        const dot = Math.min(26, Math.max(1.2, (at(40, 0.7).x - at(40, 0).x) * 0.27));
        pen.fillStyle = colour("--map-land");
        pen.beginPath();
        for (const [latitude, longitude] of ground.dots) {
          const p = at(latitude, longitude);
          if (!inside(p, dot)) continue;
          pen.moveTo(p.x + dot, p.y);
          pen.arc(p.x, p.y, dot, 0, 7);
        }
        pen.fill();
        pen.font = `italic 14px ${colour("--serif")}`;
        pen.textAlign = "center";
        pen.lineJoin = "round";
        pen.lineWidth = 4;
        pen.strokeStyle = colour("--map-ground");
        pen.fillStyle = colour("--soft");
        const taken = [];
        const most = 12 + 4 * map.getZoom();
        for (const [name, latitude, longitude] of ground.towns) {
          const p = at(latitude, longitude);
          if (!inside(p, 0)) continue;
          const half = name.length * 3.8 + 8;
          if (taken.some((t) => Math.abs(t.y - p.y) < 24 && Math.abs(t.x - p.x) < half + t.half)) continue;
          taken.push({ x: p.x, y: p.y, half });
          pen.strokeText(name, p.x, p.y - 8);
          pen.fillText(name, p.x, p.y - 8);
          if (taken.length >= most) break;
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
    const map = L.map(sheet, { preferCanvas: true, zoomAnimation: false, fadeAnimation: false, minZoom: 3, maxZoom: data.tiles ? 18 : 13, attributionControl: Boolean(data.tiles), worldCopyJump: true });
    if (data.latitude) map.setView([data.latitude, data.longitude], 8);
    else if (points.length) map.fitBounds(L.latLngBounds(points.map((p) => [p[0], p[1]])).pad(0.03), { maxZoom: 9 });
    else map.setView([39.5, -96], 4);
    if (data.tiles) L.tileLayer(data.tiles).addTo(map);
    else new (makeGround(L, ground, colour))().addTo(map);

    const layer = L.layerGroup().addTo(map);
    const draw = () => {
      layer.clearLayers();
      const zoom = map.getZoom();
      const cell = zoom >= 11 ? 10 : 26;
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
          radius: Math.min(16, 6 + 2.4 * Math.log2(spot.n)),
          color: colour("--raised"),
          weight: 1.5,
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
    window.L.popup({ maxWidth: 280, maxHeight: 260, autoPanPadding: [20, 20] })
      .setLatLng([spot.latitude / spot.n, spot.longitude / spot.n])
      .setContent(content)
      .openOn(map);
  };

  const ready = () => {
    for (const box of document.querySelectorAll(".explorer:not([data-opened])")) {
      const button = box.querySelector(".explore");
      if (button) button.hidden = false;
      if ("open" in box.dataset) open(box);
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".explorer .explore");
    if (button) open(button.closest(".explorer"));
  });
  document.addEventListener("htmx:afterSwap", ready);
  ready();
})();
