// The Swift process of `make demo`: reads a profile that a C++ engine holds open and keeps writing, checks it against
// the source files, writes records of its own and reads those of the other languages.
//
//     MainJob PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGS
//
// Prints one line of JSON; the status says whether everything agreed.

import Kist

#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Darwin)
    @preconcurrency import Darwin
#endif

let started = Instant.now
let arguments = CommandLine.arguments
guard arguments.count == 6 else {
    fputs("usage: MainJob PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGS\n", stderr)
    exit(2)
}
do {
    let job = try Job(profileAt: arguments[1], started: started)
    try job.waitUntilReady()
    let sources = try Sources(
        certificateFolder: arguments[2], suffixFile: arguments[3], preferenceFile: arguments[4])
    let digest = try job.compare(with: sources.digest())
    try job.waitForHeartbeat()
    let written = try job.writeSession(digest)
    try job.compareWithOthers(arguments[5].split(separator: ",").map(String.init), digest)
    try job.profile.close()
    print(
        #"{"language":"swift","pid":\#(getpid()),"started":\#(started.milliseconds),"#
            + #""ended":\#(Instant.now.milliseconds),"records":\#(digest.records),"digest":"\#(digest.hex)","#
            + #""written":\#(written),"agreed":true}"#)
} catch {
    fputs("swift: \(error)\n", stderr)
    exit(1)
}
