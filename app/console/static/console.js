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

  document.addEventListener("submit", (event) => {
    const asked = event.target.dataset.confirm;
    if (asked && !confirm(asked)) event.preventDefault();
  });
})();
