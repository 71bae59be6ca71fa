// A link may carry the key behind "#key=": browsers never send that part to a server. Another "#..." names the
// alert that the message was about; it is kept until after the sign-in.
"use strict";
const carried = new URLSearchParams(location.hash.slice(1)).get("key");
if (carried) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("key").value = carried;
  document.getElementById("login").requestSubmit();
} else if (location.hash.length > 1) {
  sessionStorage.setItem("goto", location.hash.slice(1));
}
