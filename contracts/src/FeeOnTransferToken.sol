// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Erc20Base} from "./Erc20Base.sol";

/// Keeps one percent of every transfer: who is sent 100 receives 99.
contract FeeOnTransferToken is Erc20Base {
    constructor() Erc20Base("Fee on transfer", "FOT", 18) {}

    function _move(address from, address to, uint256 amount) internal override {
        uint256 kept = amount / 100;
        super._move(from, to, amount - kept);
        super._move(from, address(this), kept);
    }
}
