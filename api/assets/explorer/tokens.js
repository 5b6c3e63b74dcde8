// Who the requests are made as: one of the server's sample tokens, one's own, or nobody.

import { byId, h } from '/assets/dom.js';

const OWN_KEY = 'counterpart.explorer.token';

export class Tokens {
  constructor(onChange) {
    this.samples = [];
    this.choice = byId('token-choice');
    this.field = byId('token-own');
    try {
      // For this tab only: a real token must not outlive the session on a shared computer.
      this.field.value = sessionStorage.getItem(OWN_KEY) ?? '';
    } catch { /* then it is typed again */ }
    this.choice.addEventListener('change', () => { this.sync(); if (this.key === 'own') this.field.focus(); onChange(); });
    this.field.addEventListener('input', () => {
      try {
        sessionStorage.setItem(OWN_KEY, this.own);
      } catch { /* as above */ }
    });
    this.field.addEventListener('change', onChange);
  }

  offer(samples, key) {
    this.samples = samples;
    this.choice.replaceChildren(
      ...samples.map((sample, at) => h('option', { value: String(at) }, sample.label)),
      h('option', { value: 'own' }, 'My own token'), h('option', { value: 'none' }, 'Nobody (no token)'));
    this.choose([...this.choice.options].some((option) => option.value === key) ? key : samples.length ? '0' : 'own');
  }

  choose(key) {
    this.choice.value = key;
    this.sync();
  }

  /** An example knows which role it is for; a fitting token that is already chosen stays. */
  chooseRole(role) {
    if (!role || this.samples[Number(this.key)]?.role === role) return;
    const at = this.samples.findIndex((sample) => sample.role === role);
    if (at >= 0) this.choose(String(at));
  }

  sync() { this.field.hidden = this.key !== 'own'; }

  get key() { return this.choice.value; }
  get own() { return this.field.value.trim().replace(/^Bearer\s+/i, ''); }
  get label() { return this.choice.selectedOptions[0]?.textContent ?? ''; }
  get token() { return this.key === 'own' ? this.own : this.key === 'none' ? '' : this.samples[Number(this.key)]?.token ?? ''; }
}
