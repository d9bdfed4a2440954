// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Erc20Base} from "./Erc20Base.sol";

/// Calls back while it is being moved: once armed, the next transfer makes the prepared call first.
contract ReentrantToken is Erc20Base {
    address public target;
    bytes public callData;
    bool public isArmed;

    event Reentered(address target, bool success, bytes answer);

    constructor() Erc20Base("Re-entrant", "REENT", 18) {}

    function arm(address target_, bytes calldata callData_) external {
        target = target_;
        callData = callData_;
        isArmed = true;
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (isArmed) {
            isArmed = false;
            (bool success, bytes memory answer) = target.call(callData);
            emit Reentered(target, success, answer);
        }
        super._move(from, to, amount);
    }
}
