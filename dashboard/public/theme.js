// Runs before the first paint, so that a chosen theme never flashes; a file, because the policy forbids inline script.
(function () {
  try {
    const theme = localStorage.getItem('fieldline.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is switched off: the system's preference holds.
  }
})();
