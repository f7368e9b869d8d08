import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Profile {
    /// Begins a reader on the newest commit; `read` is the shorter way.
    public func beginReading() throws(KistError) -> Reader {
        try Reader(self)
    }

    /// Waits for its turn and begins a writer; `write` is the shorter way.
    ///
    /// Throws `busy` when another writes and `timeout` is zero, `timedOut` when it is over; nil waits without end.
    /// Also `readOnly`, `latched`, `io`; and `misuse` where the wait would have no end: inside of `write`, and without a
    /// timeout on the thread that has begun the writer which is to be waited for.
    public func beginWriting(timeout: Duration? = nil) throws(KistError) -> Writer {
        try refuseInsideOfWrite()
        return try Writer(self, timeout: timeout)
    }

    /// Calls `body` with a snapshot of all stores, which ends when it returns.
    ///
    ///     let (host, windowCount) = try profile.read { reader in
    ///         (try reader.get("host", as: String.self, in: settings), try reader.count(of: windows))
    ///     }
    ///
    /// `body` may throw errors of its own. This form throws `KistError` only, for a closure that says so:
    /// `{ (reader) throws(KistError) in ... }`.
    public func read<T>(_ body: (Reader) throws(KistError) -> T) throws(KistError) -> T {
        try withReader(body).get()
    }

    /// As `read` of a closure with typed throws, for a closure that may throw anything.
    public func read<T>(_ body: (Reader) throws -> T) throws -> T {
        try withReader(body).get()
    }

    /// Calls `body` with a write transaction, and commits it when `body` returns; when it throws, nothing has happened.
    ///
    ///     try profile.write { writer in
    ///         try writer.put("host", "example.org", in: settings)
    ///         try writer.delete("proxy", in: settings)
    ///     }
    ///
    /// `timeout` is that of `beginWriting`. `body` must not end the writer, and must not wait for another write of the
    /// same profile. It may throw errors of its own. This form throws `KistError` only, for a closure that says so:
    /// `{ (writer) throws(KistError) in ... }`.
    public func write<T>(
        timeout: Duration? = nil, durability: Durability = .standard, _ body: (Writer) throws(KistError) -> T
    ) throws(KistError) -> T {
        try withWriter(timeout, durability, body).get()
    }

    /// As `write` of a closure with typed throws, for a closure that may throw anything.
    public func write<T>(
        timeout: Duration? = nil, durability: Durability = .standard, _ body: (Writer) throws -> T
    ) throws -> T {
        try withWriter(timeout, durability, body).get()
    }
}

extension Profile {
    /// As `read`, on another thread, without blocking the task.
    public func read<T: Sendable>(
        _ body: @escaping @Sendable (Reader) throws(KistError) -> T
    ) async throws(KistError) -> T {
        try await run(on: reads) { Result { () throws(KistError) in try self.withReader(body).get() } }
    }

    /// As `read`, on another thread, without blocking the task; for a closure that may throw anything.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        try await run(on: reads) { Result { try self.withReader(body).get() } }
    }

    /// As `write`, on another thread, without blocking the task. Such calls on one `Profile` happen in the order in
    /// which they are made; `timeout` counts from the call's turn among them.
    public func write<T: Sendable>(
        timeout: Duration? = nil, durability: Durability = .standard,
        _ body: @escaping @Sendable (Writer) throws(KistError) -> T
    ) async throws(KistError) -> T {
        try await run(on: writes) {
            Result { () throws(KistError) in try self.withWriter(timeout, durability, body).get() }
        }
    }

    /// As the asynchronous `write` of a closure with typed throws, for a closure that may throw anything.
    public func write<T: Sendable>(
        timeout: Duration? = nil, durability: Durability = .standard,
        _ body: @escaping @Sendable (Writer) throws -> T
    ) async throws -> T {
        try await run(on: writes) { Result { try self.withWriter(timeout, durability, body).get() } }
    }
}

extension Profile {
    /// Throws when the reader cannot begin; else gives what `body` has given or thrown.
    private func withReader<T, E>(_ body: (Reader) throws(E) -> T) throws(KistError) -> Result<T, E> {
        let reader = try beginReading()
        defer { try? reader.end() }
        return Result { () throws(E) in try body(reader) }
    }

    /// Throws when the writer cannot begin or commit; else gives what `body` has given or thrown.
    private func withWriter<T, E>(
        _ timeout: Duration?, _ durability: Durability, _ body: (Writer) throws(E) -> T
    ) throws(KistError) -> Result<T, E> {
        let writer = try beginWriting(timeout: timeout)
        writingThread.store(currentThread(), ordering: .relaxed)
        let result = Result { () throws(E) in try body(writer) }
        writingThread.store(0, ordering: .relaxed)
        switch result {
        case .success: try writer.commit(durability)
        case .failure: try? writer.abort()
        }
        return result
    }
}

extension Profile {
    /// Whether this thread is inside of the closure of `write`. Others may enter and leave it meanwhile: their ids differ.
    var isInsideOfWrite: Bool { writingThread.load(ordering: .relaxed) == currentThread() }

    /// Throws where the call would wait for the writer of its own thread.
    func refuseInsideOfWrite() throws(KistError) {
        if isInsideOfWrite {
            throw KistError(.misuse, "inside of Profile.write, all writing goes through the writer")
        }
    }
}

/// A number that no other live thread has; not 0.
private func currentThread() -> UInt {
    #if canImport(Darwin)
        UInt(bitPattern: pthread_self())
    #else
        UInt(pthread_self())
    #endif
}

/// Runs `work` on a queue of threads that may block, which those of tasks may not.
private func run<T: Sendable, E>(
    on queue: DispatchQueue, _ work: @escaping @Sendable () -> Result<T, E>
) async throws(E) -> T {
    let result = await withCheckedContinuation { continuation in
        queue.async {
            continuation.resume(returning: work())
        }
    }
    return try result.get()
}
