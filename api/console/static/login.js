// A link may carry the key behind "#key=": browsers never send that part to a server.
"use strict";
const carried = new URLSearchParams(location.hash.slice(1)).get("key");
if (carried) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("key").value = carried;
  document.getElementById("login").requestSubmit();
}
