// The movable borders between the parts of the page, with the mouse, a finger or the arrow keys.

const LIMITS = { side: [220, 560], result: [280, 1400], variables: [90, 600] };
const STEP = 24;

export function splitters(sizes, onChange) {
  for (const splitter of document.querySelectorAll('.splitter')) {
    const name = splitter.dataset.size;
    const across = splitter.getAttribute('aria-orientation') === 'vertical';
    // The guide lies before its border; the result and the variables lie behind theirs.
    const sign = name === 'side' ? 1 : -1;
    const part = name === 'side' ? splitter.previousElementSibling : splitter.nextElementSibling;
    const current = () => part.getBoundingClientRect()[across ? 'width' : 'height'];
    const set = (wanted) => {
      const room = across ? innerWidth * 0.6 : innerHeight * 0.6;
      const size = Math.round(Math.min(Math.max(wanted, LIMITS[name][0]), LIMITS[name][1], room));
      document.documentElement.style.setProperty(`--${name}`, `${size}px`);
      splitter.setAttribute('aria-valuenow', size);
      sizes[name] = size;
    };
    splitter.setAttribute('aria-valuemin', LIMITS[name][0]);
    splitter.setAttribute('aria-valuemax', LIMITS[name][1]);
    if (Number.isFinite(sizes[name])) set(sizes[name]);
    else splitter.setAttribute('aria-valuenow', Math.round(current()));

    splitter.addEventListener('pointerdown', (down) => {
      const from = current();
      const start = across ? down.clientX : down.clientY;
      const move = (event) => set(from + sign * ((across ? event.clientX : event.clientY) - start));
      splitter.setPointerCapture(down.pointerId);
      splitter.addEventListener('pointermove', move);
      splitter.addEventListener('lostpointercapture', () => { splitter.removeEventListener('pointermove', move); onChange(); }, { once: true });
    });
    splitter.addEventListener('keydown', (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      set(current() + sign * by * STEP);
      onChange();
    });
  }
}
