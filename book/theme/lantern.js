// Three small comforts: day and night, what a name is when you point at it, and where you are on the page.
// The book reads well without any of them.
(() => {
  const root = document.documentElement;
  const remembered = () => {
    try {
      return localStorage.getItem('lantern-theme');
    } catch {
      return null; // some browsers forbid it to pages from the disk
    }
  };
  const chosen = remembered();
  if (chosen === 'light' || chosen === 'dark') root.dataset.theme = chosen;

  addEventListener('DOMContentLoaded', () => {
    dayAndNight();
    pointing();
    whereYouAre();
  });

  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details:not([open])')) {
      details.open = true;
      addEventListener('afterprint', () => (details.open = false), { once: true });
    }
  });

  addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof Element && (event.target.closest('input, textarea') || scrolls(event.target)))
      return;
    const way = { ArrowLeft: 'prev', ArrowRight: 'next' }[event.key];
    document.querySelector(`.turn a[rel="${way}"]`)?.click();
  });

  /** Whether an arrow key moves something around `element` sideways. */
  function scrolls(element) {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const { overflowX } = getComputedStyle(box);
      if (box.scrollWidth > box.clientWidth && (overflowX === 'auto' || overflowX === 'scroll')) return true;
    }
    return false;
  }

  function dayAndNight() {
    document.querySelector('.theme')?.addEventListener('click', () => {
      const dark = root.dataset.theme
        ? root.dataset.theme === 'dark'
        : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = dark ? 'light' : 'dark';
      try {
        localStorage.setItem('lantern-theme', root.dataset.theme);
      } catch {
        // then it lasts for this page
      }
    });
  }

  function pointing() {
    const table = document.getElementById('hovers');
    if (!table) return;
    const meanings = JSON.parse(table.textContent);
    const card = document.createElement('div');
    card.id = 'theHover'; // no heading can have this id: theirs are in small letters
    card.hidden = true;
    card.setAttribute('role', 'tooltip');
    document.body.append(card);
    let shown;
    let timer;

    const hide = () => {
      clearTimeout(timer);
      card.hidden = true;
      shown = undefined;
      for (const other of document.querySelectorAll('.same')) other.classList.remove('same');
    };
    const show = (name) => {
      const [signature, summary] = meanings[name.dataset.h] ?? [];
      if (!signature) return;
      const code = document.createElement('code');
      code.textContent = signature;
      card.replaceChildren(code);
      if (summary) {
        const said = document.createElement('p');
        said.textContent = summary.replaceAll('`', '');
        card.append(said);
      }
      card.hidden = false;
      const at = name.getBoundingClientRect();
      const { width, height } = card.getBoundingClientRect();
      card.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 16))}px`;
      card.style.top = `${at.bottom + height + 12 > innerHeight ? at.top - height - 6 : at.bottom + 6}px`;
      for (const other of document.querySelectorAll(`pre [data-h="${name.dataset.h}"]`))
        other.classList.add('same');
    };
    const meet = (event) => {
      const name = event.target instanceof Element ? event.target.closest('[data-h]') : undefined;
      if (name === shown) return;
      hide();
      shown = name;
      if (name) timer = setTimeout(show, event.type === 'focusin' ? 0 : 200, name);
    };
    document.addEventListener('pointerover', meet);
    document.addEventListener('focusin', meet);
    addEventListener('scroll', hide, { passive: true });
    addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') hide();
    });
  }

  function whereYouAre() {
    const entries = new Map();
    for (const link of document.querySelectorAll('.side .outline a')) {
      const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      const section = heading?.closest('.section');
      const isFirst = section?.querySelector('h1, h2, h3, h4') === heading;
      if (heading) entries.set(isFirst ? section : heading, link);
    }
    const watcher = new IntersectionObserver(
      (seen) => {
        for (const { target, isIntersecting } of seen)
          entries.get(target)?.classList.toggle('read', isIntersecting);
      },
      { rootMargin: '-10% 0px -60% 0px' },
    );
    for (const section of entries.keys()) watcher.observe(section);
    const side = document.querySelector('.side');
    const here = side?.querySelector('[aria-current]');
    if (here) side.scrollTop = Math.max(0, here.offsetTop - side.clientHeight / 3);
  }
})();
