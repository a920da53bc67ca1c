// Before the first paint: the theme somebody chose, else the system's.
document.documentElement.dataset.theme = localStorage.getItem('skerry.theme') ?? 'auto';
