import CKist
import Dispatch
import Synchronization

/// A directory that holds typed stores, shared with every process that has it open.
///
/// A profile may be used from any thread or task. Opening the same directory again in a process gives a further
/// handle on the same environment, whatever path it is opened by. A profile is closed by `close()` or when nothing
/// refers to it any more; stores, readers and writers refer to it. After `close()`, every call on it and on
/// what was opened through it throws `ErrorCode.closed`. After fork, the child's copies throw `ErrorCode.forked`.
public final class Profile: Sendable {
    let handle: kist_profile
    /// Where the asynchronous forms of `write` wait, one after the other, so that they take one thread.
    let writes = DispatchQueue(label: "kist.writes")
    let reads = DispatchQueue(label: "kist.reads", attributes: .concurrent)
    /// The thread that is inside of the closure of `write`; 0 for none.
    let writingThread = Atomic<UInt>(0)

    /// How to open a profile.
    public struct Options: Sendable {
        /// What is done about a profile that is missing, and what may be done with one that is there.
        public enum Mode: Sendable {
            /// Create the directory and the data file when they are missing.
            case create
            /// Fail when the profile is missing.
            case open
            /// Open for reading, which needs no permission to write; fail when the profile is missing.
            case readOnly
        }

        /// Whether to create, open or only read.
        public var mode: Mode
        /// At creation: bytes a page, a power of two from 256 to 65,536; nil for 4,096.
        public var pageSize: Int?
        /// At creation: permission bits of new files; nil for 0o600.
        public var fileMode: UInt32?
        /// How transactions last that do not say so themselves.
        public var durability: Durability
        /// Keep the data in the directory of that path instead, so that several profiles share one environment.
        public var environment: String?
        /// When relaxed commits are made durable by themselves.
        public var flush: Flush
        /// Writes wait for room when so many bytes, about, are queued; nil for 16 MiB.
        public var queueBytes: Int?
        /// Writes wait for room when so many are queued; nil for 65,536.
        public var queueOperations: Int?

        /// When relaxed commits are made durable by themselves: for the first reason of these.
        public struct Flush: Sendable {
            /// A limit: as the library has it, a number, or not for that reason.
            public enum Limit: Sendable {
                case standard
                case at(Int)
                case never
            }

            /// When a flush has so many bytes to write; 32 MiB.
            public var bytes: Limit
            /// When the oldest of them is so many milliseconds old; 5,000.
            public var milliseconds: Limit
            /// When so many queued writes are not durable; 1,000.
            public var operations: Limit

            /// As the library has it, where not said otherwise.
            public init(
                bytes: Limit = .standard, milliseconds: Limit = .standard, operations: Limit = .standard
            ) {
                self.bytes = bytes
                self.milliseconds = milliseconds
                self.operations = operations
            }
        }

        /// Options that create what is missing and make every commit durable, where not said otherwise.
        public init(
            _ mode: Mode = .create, pageSize: Int? = nil, fileMode: UInt32? = nil, durability: Durability = .standard,
            environment: String? = nil, flush: Flush = Flush(), queueBytes: Int? = nil, queueOperations: Int? = nil
        ) {
            self.mode = mode
            self.pageSize = pageSize
            self.fileMode = fileMode
            self.durability = durability
            self.environment = environment
            self.flush = flush
            self.queueBytes = queueBytes
            self.queueOperations = queueOperations
        }
    }

    /// Opens the profile in a directory.
    ///
    /// Throws `notFound` (missing, and not to be created), `permission`, `notAStore` (the file there is something
    /// else), `newerFormat`, `damaged`, `optionConflict` (open or created with other options), `invalidArgument`,
    /// `unsupported`, `io`, `noSpace`.
    public convenience init(at path: String, _ options: Options = Options()) throws(KistError) {
        try self.init(at: Array(path.utf8), options)
    }

    /// Opens the profile in a directory whose path is not UTF-8, given as the bytes of the file system.
    public init(at path: [UInt8], _ options: Options = Options()) throws(KistError) {
        guard kist_abi_version() == KIST_ABI_VERSION else {
            throw KistError(
                .unsupported, "libkist has interface \(kist_abi_version()), this binding needs \(KIST_ABI_VERSION)")
        }
        var settings = kist_profile_options()
        settings.struct_size = UInt32(MemoryLayout<kist_profile_options>.size)
        settings.create = options.mode == .create
        settings.read_only = options.mode == .readOnly
        if let pageSize = options.pageSize {
            guard pageSize > 0, let size = UInt32(exactly: pageSize) else {
                throw KistError(.invalidArgument, "page size \(pageSize) is not a power of two from 256 to 65536")
            }
            settings.page_size = size
        }
        settings.file_mode = options.fileMode ?? 0
        settings.durability = options.durability.number
        settings.flush_bytes = try options.flush.bytes.number("flush.bytes")
        settings.flush_age_ms = try options.flush.milliseconds.number("flush.milliseconds")
        settings.flush_operations = try options.flush.operations.number("flush.operations")
        if let bytes = options.queueBytes { settings.queue_bytes = UInt64(try positive(bytes, "queueBytes")) }
        if let most = options.queueOperations {
            settings.queue_operations = UInt64(try positive(most, "queueOperations"))
        }
        let environment = Array((options.environment ?? "").utf8)
        var opened = kist_profile()
        try perform { error in
            path.withUnsafeBytes { path in
                environment.withUnsafeBufferPointer {
                    settings.environment = kist_bytes(data: $0.baseAddress, size: $0.count)
                    return kist_profile_open(path.baseAddress, path.count, &settings, &opened, error)
                }
            }
        }
        handle = opened
    }

    deinit {
        _ = kist_profile_close(handle, nil)
    }

    /// Closes the profile and everything opened through it; open writers are aborted.
    ///
    /// Calls that other threads have begun finish first or throw `closed`. Throws `closed` when it was closed
    /// before; `io`, `noSpace` and `latched` when the last flush fails, and is closed all the same.
    public func close() throws(KistError) {
        try perform(keeping: self) { kist_profile_close(handle, $0) }
    }

    /// Closes the profile and deletes its data; the directory stays.
    ///
    /// Throws `busy` when the profile is open elsewhere in this process, and `readOnly`; then nothing has happened.
    public func delete() throws(KistError) {
        try perform(keeping: self) { kist_profile_delete(handle, $0) }
    }

    /// Makes every commit so far durable, also relaxed ones of other threads and processes.
    public func sync() throws(KistError) {
        try refuseInsideOfWrite()
        try perform(keeping: self) { kist_profile_sync(handle, $0) }
    }

    /// Opens the store of that name, creating it durably when it is missing and `create` says so.
    ///
    /// Throws `tableNotFound` when it is missing and not to be created, `invalidArgument` for an empty name, and
    /// `wrongKind` for a store that is something else: what a store is, is chosen when it is created. `multi`: any number
    /// of distinct values a key, sorted by their encodings: `put` adds one, `get` gives the first, `delete` removes all of
    /// them, `records(.only(key))` walks them. `keys`: bytes, or integers, made by `Store.key`. Inside of `write`, only stores that exist can be opened.
    public func store(
        _ name: String, create: Bool = true, multi: Bool = false, keys: KeyType = .bytes
    ) throws(KistError) -> Store {
        var opened = kist_store()
        var options = kist_store_options()
        options.struct_size = UInt32(MemoryLayout<kist_store_options>.size)
        options.create = create && !isInsideOfWrite
        options.multi = multi
        options.keys = keys.rawValue
        try perform(keeping: self) { error in
            name.withKeyBytes { kist_store_open_as(handle, $0.baseAddress, $0.count, &options, &opened, error) }
        }
        return Store(name: name, isMulti: multi, keys: keys, handle: opened, profile: self)
    }

    /// The names of all stores, in byte order.
    public func storeNames() throws(KistError) -> [String] {
        var names = kist_names()
        defer { kist_names_free(&names) }
        try perform(keeping: self) { kist_profile_list_stores(handle, &names, $0) }
        return UnsafeBufferPointer(start: names.items, count: names.count).map { text($0.data, $0.size) }
    }

    /// Removes a store and everything in it, durably. Says whether there was one.
    @discardableResult
    public func dropStore(_ name: String) throws(KistError) -> Bool {
        try refuseInsideOfWrite()
        var existed = false
        try perform(keeping: self) { error in
            name.withKeyBytes { kist_profile_drop_store(handle, $0.baseAddress, $0.count, &existed, error) }
        }
        return existed
    }
}

extension Profile.Options.Flush.Limit {
    /// The number by which the C interface knows it. Throws `invalidArgument`.
    func number(_ name: String) throws(KistError) -> Int64 {
        switch self {
        case .standard: 0
        case .at(let limit): Int64(try positive(limit, name))
        case .never: -1
        }
    }
}

private func positive(_ number: Int, _ name: String) throws(KistError) -> Int {
    guard number > 0 else { throw KistError(.invalidArgument, "\(name) is \(number)") }
    return number
}

/// How a commit is made to last.
public enum Durability: Sendable {
    /// As the profile was opened; for a profile: durable.
    case standard
    /// On the device before the call returns.
    case durable
    /// Visible at once, on the device with the next durable commit, `sync()` or close.
    case relaxed

    var number: UInt32 {
        switch self {
        case .standard: UInt32(KIST_DURABILITY_DEFAULT)
        case .durable: UInt32(KIST_DURABILITY_DURABLE)
        case .relaxed: UInt32(KIST_DURABILITY_RELAXED)
        }
    }
}
