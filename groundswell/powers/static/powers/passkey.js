// Shows the passkey parts where this browser has passkeys, and says so when one did not work.
const show = (mark, yes) => document.querySelectorAll(`[data-${mark}]`).forEach((part) => { part.hidden = !yes })
const able = Boolean(window.PublicKeyCredential)
show('passkey', able)
show('no-passkey', !able)
document.addEventListener('allauth.error', (event) => {
  event.preventDefault() // the page says it
  show('passkey-failed', true)
})
