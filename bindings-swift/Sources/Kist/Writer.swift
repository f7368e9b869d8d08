import CKist

/// A write transaction over all stores of a profile: all of it happens, or nothing.
///
/// It sees the newest commit and its own changes; nobody else sees these before `commit`. Writers take turns, in
/// all processes. A writer that is dropped without `commit` is aborted. It may be used from any thread or task; calls
/// from several take turns. After a call that throws, the transaction goes on as if that call had not been made.
///
/// All calls throw `closed` after the writer has ended, `misuse` (a store of another profile), `tableNotFound`,
/// `damaged` and `io`; those that write also what those of `Store` throw.
public final class Writer: Sendable {
    let profile: Profile
    let handle: kist_writer

    init(_ profile: Profile, timeout: Duration?) throws(KistError) {
        var begun = kist_writer()
        let milliseconds = timeout.map(wholeMilliseconds) ?? kistWaitForever
        try perform(keeping: profile) { kist_writer_begin(profile.handle, milliseconds, &begun, $0) }
        self.profile = profile
        handle = begun
    }

    deinit {
        _ = kist_writer_abort(handle, nil)
    }

    /// Makes all changes visible at once, and lasting as `durability` says. Ends the writer, also when it throws.
    ///
    /// Gives the id of the transaction, which readers see from now on. Throws `noSpace` (nothing has changed), `io`
    /// and `latched` (close every profile of that directory and open again).
    @discardableResult
    public func commit(_ durability: Durability = .standard) throws(KistError) -> UInt64 {
        var id: UInt64 = 0
        try perform(keeping: self) { kist_writer_commit(handle, durability.number, &id, $0) }
        return id
    }

    /// Forgets all changes and ends the writer. Throws `closed` when it has ended before.
    public func abort() throws(KistError) {
        try perform(keeping: self) { kist_writer_abort(handle, $0) }
    }

    /// The value of a key, of whatever type; nil when there is none.
    public func get(_ key: some KeyConvertible, in store: Store) throws(KistError) -> Value? {
        try get(key, as: Value.self, in: store)
    }

    /// The value of a key as the type asked for, as with `Store.get`; nil when there is none.
    public func get<T: Storable>(
        _ key: some KeyConvertible, as type: T.Type, in store: Store
    ) throws(KistError) -> T? {
        try Kist.get(key, as: type, keeping: self) { key, tag, value, found, error in
            kist_writer_get(handle, store.handle, key.baseAddress, key.count, tag, value, found, error)
        }
    }

    /// Whether the key has a value, of whatever type.
    public func has(_ key: some KeyConvertible, in store: Store) throws(KistError) -> Bool {
        var found = false
        try perform(keeping: self) { error in
            key.withKeyBytes { kist_writer_has(handle, store.handle, $0.baseAddress, $0.count, &found, error) }
        }
        return found
    }

    /// Stores a value under a key, in place of any value it had.
    public func put(_ key: some KeyConvertible, _ value: some Storable, in store: Store) throws(KistError) {
        try perform(keeping: self) { error in
            key.withKeyBytes { key in
                value.storedValue.withCValue {
                    kist_writer_put(handle, store.handle, key.baseAddress, key.count, $0, error)
                }
            }
        }
    }

    /// Removes a key. Says whether it was there.
    @discardableResult
    public func delete(_ key: some KeyConvertible, in store: Store) throws(KistError) -> Bool {
        var existed = false
        try perform(keeping: self) { error in
            key.withKeyBytes { kist_writer_delete(handle, store.handle, $0.baseAddress, $0.count, &existed, error) }
        }
        return existed
    }

    /// Removes all records. Says how many there were.
    @discardableResult
    public func clear(_ store: Store) throws(KistError) -> Int {
        var removed: UInt64 = 0
        try perform(keeping: self) { kist_writer_clear(handle, store.handle, &removed, $0) }
        return Int(clamping: removed)
    }
}

/// KIST_WAIT_FOREVER, which Swift cannot import.
let kistWaitForever: Int64 = -1

/// A duration in milliseconds, rounded up, within 64 bits and not negative.
func wholeMilliseconds(_ duration: Duration) -> Int64 {
    guard duration > .zero else { return 0 }
    let (seconds, attoseconds) = duration.components
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return .max }
    let attosecondsAMillisecond: Int64 = 1_000_000_000_000_000
    let rest = (attoseconds + attosecondsAMillisecond - 1) / attosecondsAMillisecond
    let (sum, beyond) = milliseconds.addingReportingOverflow(rest)
    return beyond ? .max : sum
}
