/**
 * What a function's name tells about where it comes from. C gives no
 * packages, so well-known families are recognised by their names. Pure.
 */

/** @typedef {"app"|"lib"|"kernel"|"wait"|"unknown"} Kind */

/** Tried in this order; the first that matches decides. @type {[Kind, RegExp][]} */
const RULES = [
  ["unknown", /^(?:0x[0-9a-f]+|\?+|\[unknown\].*|[^\s]*\+0x[0-9a-f]+|\[?truncated\]?|)$/i],
  ["kernel", /^(?:\[k\]|\[kernel|do_syscall_|ep_poll|ep_send|__schedule|entry_SYSCALL|__x64_sys_|__do_sys_|ksys_|vfs_|asm_exc_|asm_sysvec_|do_user_addr_fault|handle_mm_fault|copy_user|_raw_spin|schedule_timeout|tcp_[a-z]+msg|finish_task_switch)/],
  ["wait", /^(?:__)?(?:(?:futex|lll_lock_wait|clock_nanosleep|hrtimer_nanosleep|pthread_cond_(?:timed|clock)?wait|sem_(?:timed)?wait)(?:_\w*)?|epoll_p?wait|ppoll|poll|p?select|nanosleep|usleep|sleep|accept4?|wait_for_work|simulate_io|pthread_join|wait4|waitpid|recv(?:from|msg)?|read)(?:@.*)?$/],
  ["lib", /^(?:_?_libc_|__GI_|_int_(?:malloc|free|realloc)|(?:m|c|re)alloc$|free$|sysmalloc|unlink_chunk|tcache_|__mem|mem(?:cpy|move|set|cmp|chr)|__str|str(?:len|cmp|ncmp|chr|dup|cpy|tol)|v?(?:f|s|sn|as)?printf|_IO_|__vfprintf|_?_?pthread_|start_thread$|_{0,2}clone3?$|epoll_ctl$|clock_gettime$|__lll_|_start$|_dl_|dl_|__errno|qsort|msort|bsearch|write$|__write|send|__send|MHD_|sqlite3|ZSTD_|deflate|inflate|crc32|curl_|SSL_|EVP_|std::|\[vdso\])/],
];

/** @param {string} name @returns {Kind} */
export function kindOf(name) {
  return RULES.find(([, rule]) => rule.test(name))?.[0] ?? "app";
}

/** How a name says which module it belongs to. */
const MODULES = [
  /^([^\s+!`]+)[+!`]/, // libc.so.6+0x12, module!symbol
  /^((?:[\w.-]+\/)*[\w-]+)\.[\w(*]/, // Go: net/http.(*conn).serve
  /^(.+\.py):/, // Python: /app/main.py:handler
  /^((?:\w+::)+)/, // C++, Rust
  /^\[(\w+)\]/,
];

/** The module, package or library in a name, or "" for a plain C function. @param {string} name */
export function moduleOf(name) {
  for (const rule of MODULES) {
    const m = rule.exec(name);
    if (m) return m[1];
  }
  return "";
}
