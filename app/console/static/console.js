// Times in the reader's zone, copying, and asking before what cannot be undone.
(() => {
  "use strict";
  const exact = new Intl.DateTimeFormat(undefined, {
    year: "numeric", month: "short", day: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });
  const today = new Intl.DateTimeFormat(undefined, {
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const near = new Intl.DateTimeFormat(undefined, {
    month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const showTimes = (root) => {
    for (const each of root.querySelectorAll("time[datetime]")) {
      const at = new Date(each.getAttribute("datetime"));
      if (Number.isNaN(at.getTime())) continue;
      const same = at.toDateString() === new Date().toDateString();
      const days = Math.abs(Date.now() - at) / 86400000;
      if (each.dataset.exact !== undefined) {
        const millis = String(at.getMilliseconds()).padStart(3, "0");
        each.textContent = `${(same ? today : near).format(at)}.${millis}`;
        each.title = exact.format(at);
        continue;
      }
      each.textContent = (same ? today : days < 180 ? near : exact).format(at);
      each.title = exact.format(at);
    }
  };
  showTimes(document);
  window.hookline = { showTimes };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const from = document.querySelector(button.dataset.copy);
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(from.textContent.trim());
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(from); // not allowed here: select it, to be copied by hand
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = before; }, 2000);
  });

  // Fields of times: shown in the reader's zone, sent in UTC.
  const local = (at) => new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
  for (const field of document.querySelectorAll("input[data-utc]")) {
    if (field.value) field.value = local(new Date(field.value.replace(/Z?$/, "Z")));
    const zone = field.parentElement.querySelector(".zone");
    if (zone) zone.textContent = "";
  }
  document.addEventListener("submit", (event) => {
    for (const field of event.target.querySelectorAll("input[data-utc]")) {
      if (field.value) field.value = new Date(field.value).toISOString().slice(0, 19);
    }
    for (const field of event.target.querySelectorAll("input, select")) {
      if (event.target.method === "get" && !field.value) field.disabled = true; // a shorter URL
    }
  });
  addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("form[method=get] :disabled")) field.disabled = false;
  });

  document.addEventListener("submit", (event) => {
    const asked = event.target.dataset.confirm;
    if (asked && !confirm(asked)) event.preventDefault();
  });

  // Parts that update by themselves, while anybody looks.
  const fetchPart = async (url, options) => {
    const answer = await fetch(url, { ...options, headers: { "X-Fragment": "1" } });
    if (answer.redirected) { location.reload(); return null; } // logged out meanwhile
    return answer.text();
  };
  const EVERY_MS = 5000;
  for (const each of document.querySelectorAll("[data-updates]")) {
    const into = document.querySelector(each.dataset.into);
    const update = async () => {
      if (document.hidden) return;
      if (each.dataset.while && !into.querySelector(each.dataset.while)) return;
      if (into.contains(document.activeElement)) return; // nobody's focus is taken away
      const open = [...into.querySelectorAll("details")].map((d) => d.open);
      try {
        const part = await fetchPart(each.dataset.updates);
        if (part === null) return;
        into.innerHTML = part;
        into.querySelectorAll("details").forEach((d, n) => { d.open = open[n] ?? d.open; });
        showTimes(into);
        if (each.id === "fresh") each.textContent = "Updates by itself.";
      } catch {
        if (each.id === "fresh") each.textContent = "The server does not answer; still trying.";
      }
    };
    setInterval(update, EVERY_MS);
    document.addEventListener("visibilitychange", update);
  }

  // Choosing all on a page.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-all]")) return;
    const boxes = event.target.closest("table").querySelectorAll("tbody input[type=checkbox]");
    for (const box of boxes) box.checked = event.target.checked;
  });

  // Trying a mapping: at a button, and a moment after each change.
  for (const form of document.querySelectorAll("form[data-try]")) {
    const into = document.querySelector(form.dataset.try);
    let asked = 0;
    const attempt = async (does) => {
      const mine = ++asked;
      const data = new FormData(form);
      data.set("do", does);
      into.setAttribute("aria-busy", "true");
      try {
        const part = await fetchPart(form.action, { method: "POST", body: data });
        if (part !== null && mine === asked) into.innerHTML = part;
      } catch {
        into.textContent = "The server does not answer.";
      }
      into.removeAttribute("aria-busy");
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(event.submitter?.value ?? "try");
    });
    let timer;
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(attempt, 400, "try"); });
    if (form.elements.event.value) attempt("try");
  }
})();
